#!lua flags=no-writes
-- A page of the state now, in byte order of keys.
--
-- KEYS  state, values, keys
-- ARGV  start and end of the range as ZRANGEBYLEX takes them, most entries, about the most bytes of values, 1 to count
-- Reply revision, compacted, 1 where more keys follow (else 0), keys of the range (-1 where not counted), then key and "<revision>:<value>" of each entry

local state, values, keys = KEYS[1], KEYS[2], KEYS[3]
local most, most_bytes = tonumber(ARGV[3]), tonumber(ARGV[4])

local names = redis.call('ZRANGEBYLEX', keys, ARGV[1], ARGV[2], 'LIMIT', 0, most + 1)
local reply = {
  tonumber(redis.call('HGET', state, 'revision') or '0'),
  tonumber(redis.call('HGET', state, 'compacted') or '0'),
  0,
  -1,
}
if ARGV[5] == '1' then
  reply[4] = redis.call('ZLEXCOUNT', keys, ARGV[1], ARGV[2])
end
local bytes = 0
for index, name in ipairs(names) do
  if index > most or bytes > most_bytes then
    reply[3] = 1
    break
  end
  local stored = redis.call('HGET', values, name)
  bytes = bytes + #stored
  reply[#reply + 1] = name
  reply[#reply + 1] = stored
end
return reply
