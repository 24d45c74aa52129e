#!lua flags=no-writes
-- The living values whose keys start with a prefix.
--
-- KEYS  values, expiries
-- ARGV  prefix
-- Reply key and value of each

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local reply = {}
for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], string.format('(%.0f', now), '+inf')) do
  if string.sub(key, 1, #ARGV[1]) == ARGV[1] then
    reply[#reply + 1] = key
    reply[#reply + 1] = redis.call('HGET', KEYS[1], key)
  end
end
return reply
