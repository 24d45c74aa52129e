#!lua flags=allow-oom
-- Sets a value with a time to live, and drops a few that have expired, so that memory is bounded if nobody lists them.
-- A set of its own with the times, instead of Redis' expiring keys, so that listing does not scan the whole database.
-- Allowed when memory has run out: heartbeats that fail would make all nodes look dead.
--
-- KEYS  values (hash), expiries (sorted set by milliseconds since the epoch)
-- ARGV  key, value, time to live in ms

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 10)) do
  redis.call('HDEL', KEYS[1], key)
  redis.call('ZREM', KEYS[2], key)
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[3]), ARGV[1])
return 1
