#!lua flags=no-writes
-- A page of the changes after a revision whose keys start with a prefix.
--
-- KEYS  state, changes
-- ARGV  revision, prefix, most changes to look at, about the most bytes of values
-- Reply revision, compacted, revision up to which the page is complete, then each stream entry

local state, changes = KEYS[1], KEYS[2]
local after, prefix, most, most_bytes = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local chunk = 16

local revision = tonumber(redis.call('HGET', state, 'revision') or '0')
local reply = { revision, tonumber(redis.call('HGET', state, 'compacted') or '0'), after }
local seen, bytes = 0, 0
while reply[3] < revision and seen < most and bytes < most_bytes do
  local entries = redis.call('XRANGE', changes, string.format('%.0f-0', reply[3] + 1), '+', 'COUNT', chunk)
  if #entries == 0 then break end
  for _, entry in ipairs(entries) do
    local fields = entry[2]
    seen = seen + 1
    reply[3] = tonumber(string.match(entry[1], '^%d+'))
    if prefix == '' or string.sub(string.match(fields[2], '^%a %d+ %S+ (.*)'), 1, #prefix) == prefix then
      bytes = bytes + #fields[4] + #(fields[6] or '')
      reply[#reply + 1] = entry
    end
  end
end
return reply
