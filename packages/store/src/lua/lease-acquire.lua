#!lua flags=allow-oom
-- Takes or renews a lease. Tokens are counted apart from leases, so that they grow when the lease is long gone, and are
-- never less than the time in ms, so that they grow when the server has lost its data.
-- Allowed when memory has run out: whoever compacts needs its lease.
--
-- KEYS  the lease (hash: holder, token; expires), tokens (hash: lease key -> newest token)
-- ARGV  lease key, holder, time to live in ms
-- Reply the fencing token, or 0 while another one holds the lease

local held = redis.call('HMGET', KEYS[1], 'holder', 'token')
if held[1] == ARGV[2] then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return tonumber(held[2])
end
if held[1] then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local token = math.max(now, tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '0') + 1)
redis.call('HSET', KEYS[2], ARGV[1], string.format('%.0f', token))
redis.call('HSET', KEYS[1], 'holder', ARGV[2], 'token', string.format('%.0f', token))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return token
