#!lua flags=allow-oom
-- Takes or renews a lease. Tokens are counted apart from leases, so that they grow when the lease is long gone.
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
local token = redis.call('HINCRBY', KEYS[2], ARGV[1], 1)
redis.call('HSET', KEYS[1], 'holder', ARGV[2], 'token', token)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return token
