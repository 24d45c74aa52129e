#!lua flags=allow-oom
-- Forgets a bounded number of changes after the compacted revision.
-- Allowed when memory has run out, because it gives memory back.
--
-- KEYS  state, changes
-- ARGV  revision to compact to, most changes to forget
-- Reply the compacted revision

local revision = tonumber(redis.call('HGET', KEYS[1], 'revision') or '0')
local compacted = tonumber(redis.call('HGET', KEYS[1], 'compacted') or '0')
local through = math.min(tonumber(ARGV[1]), revision, compacted + tonumber(ARGV[2]))
if through <= compacted then return compacted end
redis.call('HSET', KEYS[1], 'compacted', string.format('%.0f', through))
redis.call('XTRIM', KEYS[2], 'MINID', '=', string.format('%.0f-0', through + 1))
return through
