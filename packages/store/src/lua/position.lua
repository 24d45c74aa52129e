#!lua flags=no-writes
-- Where the change stream stands, whose batch made the change at a revision ('' where it is not there), and whether the
-- store is whole: a server that evicts keys throws some of its parts away and leaves others.
--
-- KEYS  state, changes, values, keys
-- ARGV  revision; '' for the newest
-- Reply revision, compacted, batch token of that change, 1 where all parts are there (else 0), life (see commit.lua)

local head = redis.call('HMGET', KEYS[1], 'revision', 'compacted', 'count', 'life')
local revision, compacted = tonumber(head[1] or '0'), tonumber(head[2] or '0')
local held, named = redis.call('HLEN', KEYS[3]), redis.call('ZCARD', KEYS[4])
local whole = held == named and named == (tonumber(head[3]) or named)
  and redis.call('XLEN', KEYS[2]) == revision - compacted
local id = string.format('%.0f-0', tonumber(ARGV[1]) or revision)
local entry = redis.call('XRANGE', KEYS[2], id, id)[1]
return { revision, compacted, entry and string.match(entry[2][2], '^%a %d+ (%S+)') or '', whole and 1 or 0, head[4] or '' }
