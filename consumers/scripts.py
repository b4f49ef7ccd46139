"""The Lua scripts of the Redis view. Each is atomic, touches one hash slot, and may be sent twice without harm."""

APPLY = """
-- KEYS: marker. ARGV: the marker's field, expected position there, new position, the writes as `packing` packs them.
-- An apply that is not newer does nothing; one that would leave a gap is refused.
local at = redis.call('HGET', KEYS[1], ARGV[1])
if at == false then at = '-1' end
if tonumber(at) >= tonumber(ARGV[3]) then return 0 end
if at ~= ARGV[2] then return -1 end
for _, write in ipairs(cmsgpack.unpack(ARGV[4])) do redis.call(unpack(write)) end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
"""

ADVANCE = """
-- KEYS: marker. ARGV: the field of the marker, expected position there, new position. Moves on from nowhere else.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
"""

FENCE = """
-- KEYS: marker. ARGV: fence. The newest owner of a partition wins; answers whether that is the caller.
local held = redis.call('HGET', KEYS[1], 'fence')
if held and held > ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'fence', ARGV[1])
return 1
"""

INTEND = """
-- KEYS: marker, reserving. ARGV: fence, the view's position, places. Remembers places before they are reserved; answers
-- what was there before. One at a time, as a script can't unpack more than some thousand words.
local held, at = unpack(redis.call('HMGET', KEYS[1], 'fence', 'state'))
if held and held > ARGV[1] then return redis.error_reply('FENCED a newer owner holds the partition') end
if at ~= ARGV[2] then return redis.error_reply('BEHIND the view is not where its owner left it') end
local before = redis.call('SMEMBERS', KEYS[2])
for i = 3, #ARGV do redis.call('SADD', KEYS[2], ARGV[i]) end
return before
"""

SETTLE = """
-- KEYS: marker. ARGV: fence, the writes as for an apply. What became of places where no ticket changed; nothing
-- where somebody else has the partition now, who has settled them.
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then return 0 end
for _, write in ipairs(cmsgpack.unpack(ARGV[2])) do redis.call(unpack(write)) end
return 1
"""

BUILT_WITH = """
-- KEYS: what the view was built with. ARGV: layout, partitions and cluster of now. Notes them where nothing is noted,
-- all at once: where anything is noted and no layout, the view is older than layouts. Answers what is noted then.
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('HSET', KEYS[1], 'layout', ARGV[1]) end
redis.call('HSETNX', KEYS[1], 'partitions', ARGV[2])
redis.call('HSETNX', KEYS[1], 'cluster', ARGV[3])
return redis.call('HMGET', KEYS[1], 'layout', 'partitions', 'cluster')
"""

DROP = """
-- KEYS: marker, then what to delete. A view that is being built again is not touched any more.
if redis.call('HEXISTS', KEYS[1], 'state') == 1 then return 0 end
redis.call('UNLINK', unpack(KEYS, 2))
return 1
"""

_RUN = """
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
"""

RESERVE = (
    _RUN
    + """
-- KEYS: open, meta. ARGV: partition, fence, ticket, offset, places (-1: without limit).
-- 1: the place is taken; 0: no place left; -1: the count is lost and must be made again; -2: a newer owner holds the
-- partition.
if redis.call('HGET', KEYS[2], 'run') ~= run then return -1 end
local held = redis.call('HGET', KEYS[2], 'fence:' .. ARGV[1])
if held and held > ARGV[2] then return -2 end
local taken = redis.call('HGET', KEYS[1], ARGV[3])
if not taken then
  local places = tonumber(ARGV[5])
  if places >= 0 and redis.call('HLEN', KEYS[1]) >= places then return 0 end
end
if not taken or tonumber(taken) < tonumber(ARGV[4]) then redis.call('HSET', KEYS[1], ARGV[3], ARGV[4]) end
return 1
"""
)

CONFIRM = (
    _RUN
    + """
-- KEYS: open, meta. ARGV: tickets. Answers whether every place is still held in a count that was not lost.
if redis.call('HGET', KEYS[2], 'run') ~= run then return 0 end
for _, ticket in ipairs(ARGV) do
  if redis.call('HEXISTS', KEYS[1], ticket) == 0 then return 0 end
end
return 1
"""
)

RELEASE = """
-- KEYS: open. ARGV: ticket, offset. A place taken by a later command stays.
local taken = redis.call('HGET', KEYS[1], ARGV[1])
if taken and tonumber(taken) <= tonumber(ARGV[2]) then redis.call('HDEL', KEYS[1], ARGV[1]) end
return 1
"""

TAKE_BACK = """
-- KEYS: open, meta. ARGV: partition, fence, ticket, and the offset by which the view bears the place out, or an empty
-- word. Whoever asked for the place can ask for no more; the place is as if it had never been asked for. -2: a newer
-- owner holds the partition.
local held = redis.call('HGET', KEYS[2], 'fence:' .. ARGV[1])
if held and held > ARGV[2] then return -2 end
redis.call('HSET', KEYS[2], 'fence:' .. ARGV[1], ARGV[2])
if ARGV[4] == '' then redis.call('HDEL', KEYS[1], ARGV[3]) else redis.call('HSET', KEYS[1], ARGV[3], ARGV[4]) end
return 1
"""

BEGIN_COUNT = (
    _RUN
    + """
-- KEYS: meta. ARGV: a new word. Begins to make a lost count anew; answers what it has to be seeded with.
local begun = redis.call('HGET', KEYS[1], 'begun')
if not begun or string.sub(begun, 1, #run) ~= run then
  begun = run .. ARGV[1]
  redis.call('HSET', KEYS[1], 'begun', begun)
end
return begun
"""
)

SEED = (
    _RUN
    + """
-- KEYS: open, meta. ARGV: the answer of BEGIN_COUNT, ticket, offset pairs. Makes a lost count anew, unless somebody
-- else has, or it was lost again since.
if redis.call('HGET', KEYS[2], 'run') == run then return 0 end
if redis.call('HGET', KEYS[2], 'begun') ~= ARGV[1] or string.sub(ARGV[1], 1, #run) ~= run then return 0 end
redis.call('DEL', KEYS[1])
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('HSET', KEYS[2], 'run', run)
return 1
"""
)

INDEX_DUE = """
-- KEYS: touched, due, asked. ARGV: ticket, the mark that was seen, its next instant or an empty word; in threes. A mark
-- that has changed meanwhile means that what was reckoned is out of date: whoever takes the newer mark reckons again.
for i = 1, #ARGV, 3 do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then
    if ARGV[i + 2] == '' then redis.call('ZREM', KEYS[2], ARGV[i])
    else redis.call('ZADD', KEYS[2], ARGV[i + 2], ARGV[i]) end
    redis.call('ZREM', KEYS[3], ARGV[i])
    redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
return 1
"""

LEASE = """
-- KEYS: due, asked. ARGV: when the lease ends, then ticket, the instant it was due at, its next one or an empty word;
-- in threes. A ticket that is due at another instant by now was taken by somebody else, who knows it better.
for i = 2, #ARGV, 3 do
  local at = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if at and tonumber(at) == tonumber(ARGV[i + 1]) then
    redis.call('ZADD', KEYS[2], ARGV[1], ARGV[i])
    if ARGV[i + 2] == '' then redis.call('ZREM', KEYS[1], ARGV[i])
    else redis.call('ZADD', KEYS[1], ARGV[i + 2], ARGV[i]) end
  end
end
return 1
"""

RAISE = """
-- KEYS: a hash. ARGV: field, word. Writes the word unless one that sorts after it is there: a thawed owner comes late.
local at = redis.call('HGET', KEYS[1], ARGV[1])
if not at or at < ARGV[2] then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
return 1
"""

OPEN_WORK = """
-- KEYS: a list of tickets, work. ARGV: how the list is read, SMEMBERS or HKEYS. Answers ids and facts in turns, of the
-- tickets that are open. Some at a time, as a script can't unpack more than some thousand words.
local ids, found = redis.call(ARGV[1], KEYS[1]), {}
for first = 1, #ids, 1000 do
  local facts = redis.call('HMGET', KEYS[2], unpack(ids, first, math.min(first + 999, #ids)))
  for i, each in ipairs(facts) do
    if each then
      found[#found + 1] = ids[first + i - 1]
      found[#found + 1] = each
    end
  end
end
return found
"""
