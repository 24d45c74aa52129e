#!lua flags=no-writes
-- Where the change stream stands, and whose batch made the change at a revision ('' where it is not there).
--
-- KEYS  state, changes
-- ARGV  revision; '' for the newest
-- Reply revision, compacted, batch token of that change

local revision = tonumber(redis.call('HGET', KEYS[1], 'revision') or '0')
local compacted = tonumber(redis.call('HGET', KEYS[1], 'compacted') or '0')
local id = string.format('%.0f-0', tonumber(ARGV[1]) or revision)
local entry = redis.call('XRANGE', KEYS[2], id, id)[1]
return { revision, compacted, entry and string.match(entry[2][2], '^%a %d+ (%S+)') or '' }
