#!lua flags=allow-oom
-- Makes what is left of a store consistent after the server lost data, and goes on with revisions that no client can have
-- seen. Does nothing where the store is whole and has reached the revision. Allowed when memory has run out: it only
-- gives memory back.
--
-- KEYS  state, values, keys, changes
-- ARGV  highest revision that the client has seen, how far to go beyond it
-- Reply 1 where something was lost, else 0

local state, values, keys, changes = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local seen, jump = tonumber(ARGV[1]), tonumber(ARGV[2])

local head = redis.call('HMGET', state, 'revision', 'compacted', 'count')
local revision, compacted = tonumber(head[1] or '0'), tonumber(head[2] or '0')
local named, held = redis.call('ZCARD', keys), redis.call('HLEN', values)
local count = tonumber(head[3] or tostring(named))
local whole = named == held and named == count and redis.call('XLEN', changes) == revision - compacted
if whole and revision >= seen then return 0 end

if named ~= held then
  -- The two are thrown away apart. A name without a value is gone; a value without a name gets its name back.
  for _, key in ipairs(redis.call('ZRANGE', keys, 0, -1)) do
    if redis.call('HEXISTS', values, key) == 0 then redis.call('ZREM', keys, key) end
  end
  for _, key in ipairs(redis.call('HKEYS', values)) do redis.call('ZADD', keys, 0, key) end
end
revision = math.max(revision, seen) + jump
local text = string.format('%.0f', revision)
redis.call('DEL', changes)
redis.call('HSET', state, 'revision', text, 'compacted', text, 'count', redis.call('ZCARD', keys), 'life', text)
return 1
