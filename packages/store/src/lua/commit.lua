#!lua
-- Applies one batch: all of it or nothing, and once, however often it is sent.
-- (The first line makes Redis refuse the whole script up front where one of its writes could not be made.)
--
-- KEYS  state (hash: revision, compacted, count of keys, life: where revisions went on after a loss), values (hash: key -> "<revision>:<value>"), keys (sorted set, for order),
--       changes (stream: ids are revisions; h: "<p(ut) or d(elete)> <revision before> <batch token> <key>", v: value,
--       o: value before; few fields, as each costs every reader), session (hash: slot -> "<sequence>:<result>")
-- ARGV  slot, sequence, how long the session is kept in ms, batch token, highest revision that the client has seen,
--       then for each operation: p(ut), d(elete) or c(heck), key, expected revision or '', value or ''
-- Reply 1, revision, revision of each operation | 0, index of the refused operation, its actual revision | -1 (superseded)
--       | -2 (the server has not reached the revision that the client has seen: it lost data, see recover.lua)

local state, values, keys, changes, session = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local slot, sequence, session_ttl_ms, token = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local seen_revision = tonumber(ARGV[5])
local first_operation, fields = 6, 4

-- Plain tostring writes numbers from 1e14 on in a form that is no revision any more.
local function text(number)
  return string.format('%.0f', number)
end

-- A client reuses a slot only after it knows the outcome of what it sent before, so that a slot holds the newest
-- sequence: the same one is a batch sent again, a greater one means that this copy was given up and came late.
local remembered = redis.call('HGET', session, slot)
if remembered then
  local colon = string.find(remembered, ':', 1, true)
  local seen = tonumber(string.sub(remembered, 1, colon - 1))
  if seen > sequence then return { -1 } end
  if seen == sequence then
    local reply = { 1 }
    for number in string.gmatch(string.sub(remembered, colon + 1), '%d+') do reply[#reply + 1] = tonumber(number) end
    return reply
  end
end

local head = redis.call('HMGET', state, 'revision', 'count')
local revision = tonumber(head[1] or '0')
if revision < seen_revision then return { -2 } end

local count = (#ARGV - first_operation + 1) / fields
local found, before = {}, {}
for index = 1, count do
  local at = first_operation + (index - 1) * fields
  local stored = redis.call('HGET', values, ARGV[at + 1])
  found[index] = 0
  if stored then
    local colon = string.find(stored, ':', 1, true)
    found[index] = tonumber(string.sub(stored, 1, colon - 1))
    before[index] = string.sub(stored, colon + 1)
  end
  local expected = ARGV[at + 2]
  if expected ~= '' and tonumber(expected) ~= found[index] then return { 0, index - 1, found[index] } end
end

local keys_count = tonumber(head[2]) or redis.call('ZCARD', keys)
local revisions = {}
for index = 1, count do
  local at = first_operation + (index - 1) * fields
  local kind, key, value = ARGV[at], ARGV[at + 1], ARGV[at + 3]
  revisions[index] = found[index]
  if kind == 'p' then
    revision = revision + 1
    revisions[index] = revision
    local id, head = text(revision) .. '-0', 'p ' .. text(found[index]) .. ' ' .. token .. ' ' .. key
    if before[index] then
      redis.call('XADD', changes, id, 'h', head, 'v', value, 'o', before[index])
    else
      redis.call('XADD', changes, id, 'h', head, 'v', value)
    end
    redis.call('HSET', values, key, text(revision) .. ':' .. value)
    if found[index] == 0 then
      redis.call('ZADD', keys, 0, key)
      keys_count = keys_count + 1
    end
  elseif kind == 'd' and found[index] > 0 then
    revision = revision + 1
    revisions[index] = revision
    redis.call('XADD', changes, text(revision) .. '-0',
      'h', 'd ' .. text(found[index]) .. ' ' .. token .. ' ' .. key, 'v', before[index])
    redis.call('HDEL', values, key)
    redis.call('ZREM', keys, key)
    keys_count = keys_count - 1
  end
end
redis.call('HSET', state, 'revision', text(revision), 'count', text(keys_count))

local result = { text(revision) }
local reply = { 1, revision }
for index = 1, count do
  result[index + 1] = text(revisions[index])
  reply[index + 2] = revisions[index]
end
redis.call('HSET', session, slot, text(sequence) .. ':' .. table.concat(result, ','))
redis.call('PEXPIRE', session, session_ttl_ms)
return reply
