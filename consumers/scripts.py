"""The Lua scripts of the Redis view. Each is atomic, touches one hash slot, and may be sent twice without harm."""

APPLY = """
-- KEYS: marker. ARGV: expected state position, new state position, new source offset, then the writes:
-- each a count of words and that many words. An apply that is not newer does nothing; one that would leave a gap is
-- refused. local at = redis.call('HGET', KEYS[1], 'state') if at == false then at = '-1' end if tonumber(at) >=
-- tonumber(ARGV[2]) then return 0 end if at ~= ARGV[1] then return -1 end local i = 4 while i <= #ARGV do local n =
-- tonumber(ARGV[i]) redis.call(unpack(ARGV, i + 1, i + n)) i = i + n + 1 end redis.call('HSET', KEYS[1], 'state',
-- ARGV[2], 'source', ARGV[3]) return 1
"""

FENCE = """
-- KEYS: marker. ARGV: fence. The newest owner of a partition wins; answers whether that is the caller.
local held = redis.call('HGET', KEYS[1], 'fence')
if held and held > ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'fence', ARGV[1])
return 1
"""

INTEND = """
-- KEYS: marker, reserving. ARGV: fence, places. Remembers places before they are reserved; answers what was there
-- before. local held = redis.call('HGET', KEYS[1], 'fence') if held and held > ARGV[1] then return
-- redis.error_reply('FENCED a newer owner holds the partition') end local before = redis.call('SMEMBERS', KEYS[2])
-- redis.call('SADD', KEYS[2], unpack(ARGV, 2)) return before
"""

_RUN = """
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
"""

RESERVE = (
    _RUN
    + """
-- KEYS: open, meta. ARGV: partition, fence, ticket, offset, places (-1: without limit).
-- 1: the place is taken; 0: no place left; -1: the count is lost and must be made again; -2: a newer owner holds the
-- partition. if redis.call('HGET', KEYS[2], 'run') ~= run then return -1 end local held = redis.call('HGET', KEYS[2],
-- 'fence:' .. ARGV[1]) if held and held > ARGV[2] then return -2 end local taken = redis.call('HGET', KEYS[1],
-- ARGV[3]) if not taken then local places = tonumber(ARGV[5]) if places >= 0 and redis.call('HLEN', KEYS[1]) >=
-- places then return 0 end end if not taken or tonumber(taken) < tonumber(ARGV[4]) then redis.call('HSET', KEYS[1],
-- ARGV[3], ARGV[4]) end return 1
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

FORGET = """
-- KEYS: open, meta. ARGV: partition, fence, ticket. Takes back a place of a transaction that never came; its owner is
-- fenced off. local held = redis.call('HGET', KEYS[2], 'fence:' .. ARGV[1]) if not held or held < ARGV[2] then
-- redis.call('HSET', KEYS[2], 'fence:' .. ARGV[1], ARGV[2]) end redis.call('HDEL', KEYS[1], ARGV[3]) return 1
"""

SEED = (
    _RUN
    + """
-- KEYS: open, meta. ARGV: ticket, offset pairs. Makes a lost count anew, unless somebody else has.
if redis.call('HGET', KEYS[2], 'run') == run then return 0 end
redis.call('DEL', KEYS[1])
for i = 1, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('HSET', KEYS[2], 'run', run)
return 1
"""
)

INDEX_DUE = """
-- KEYS: touched, due, asked. ARGV: ticket, the mark that was seen, its next instant or an empty word; in threes.
for i = 1, #ARGV, 3 do
  if ARGV[i + 2] == '' then redis.call('ZREM', KEYS[2], ARGV[i])
  else redis.call('ZADD', KEYS[2], ARGV[i + 2], ARGV[i]) end
  redis.call('ZREM', KEYS[3], ARGV[i])
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end
return 1
"""
