/**
 * The hot-copy protocol in Lua, the same for a session (head hash + buffer list) and for a user's memory (one hash).
 * A hash holds the copy's fields, `gen` (changes whenever the copy does: what a reader rebuilt before must not replace it), and one
 * field `t:<token>` per writer that is under way, with the time (ms) at which it began. KEYS[1] is the hash, KEYS[2] the list where
 * there is one.
 * `pending` says that acknowledged stores still wait in blobs; it outlives the copy.
 * Values of users are opaque texts here: no cjson (it turns [] into {} and rounds large numbers).
 */
const SHARED = `
local hash, list = KEYS[1], KEYS[2]
local function reset(gen, keep_after)
  for _, field in ipairs(redis.call('HKEYS', hash)) do
    local live = string.sub(field, 1, 2) == 't:' and tonumber(redis.call('HGET', hash, field)) >= keep_after
    if not live and field ~= 'pending' then redis.call('HDEL', hash, field) end
  end
  if list then redis.call('DEL', list) end
  redis.call('HSET', hash, 'gen', gen)
end
local function tokens()
  local oldest, count = math.huge, 0
  local all = redis.call('HGETALL', hash)
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 2) == 't:' then
      count = count + 1
      oldest = math.min(oldest, tonumber(all[i + 1]))
    end
  end
  return count, oldest
end
local function live_for(seconds)
  redis.call('EXPIRE', hash, seconds)
  if list then redis.call('EXPIRE', list, seconds) end
end
local function push(from)
  for first = from, #ARGV, 1000 do
    redis.call('RPUSH', list, unpack(ARGV, first, math.min(first + 999, #ARGV)))
  end
end
`;

/** A writer announces itself and learns the head. A token left by a dead writer ends the copy: its commit may have happened. */
export const BEGIN = `${SHARED}
local token, now, stale, ttl, gen = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
local _, oldest = tokens()
if oldest < stale or redis.call('HEXISTS', hash, 'gen') == 0 then reset(gen, stale) end
local copy = redis.call('HMGET', hash, 'gen', 'doc', 'pending')
redis.call('HSET', hash, 't:' .. token, now)
live_for(ttl)
return copy
`;

/**
 * A writer's commit reached Cosmos: move the copy along when it is exactly where the commit started, or install it when it is a
 * stub that nobody touched since BEGIN and these texts are the whole buffer; otherwise there is no copy any more.
 */
export const COMMIT = `${SHARED}
local token, gen, fresh_gen, ttl, whole = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5] == '1'
local epoch, from_seq, last_seq, added = ARGV[6], ARGV[7], ARGV[8], tonumber(ARGV[9])
local doc, etag, memory_etag, now = ARGV[10], ARGV[11], ARGV[12], ARGV[13]
redis.call('HDEL', hash, 't:' .. token)
local was = redis.call('HMGET', hash, 'epoch', 'last_seq', 'count', 'gen')
local length = redis.call('LLEN', list)
local follows = was[1] == epoch and was[2] == from_seq and tonumber(was[3]) == length
local first = whole and not was[1] and was[4] == gen and length == 0 and tokens() == 0
if not follows and not first then
  reset(fresh_gen, 0)
  live_for(ttl)
  return 0
end
push(14)
redis.call('HSET', hash, 'gen', fresh_gen, 'epoch', epoch, 'last_seq', last_seq, 'count', length + added, 'doc', doc, 'etag', etag, 'memory_etag', memory_etag, 'verified_at', now)
live_for(ttl)
return 1
`;

/** A writer that wrote nothing takes its token back. */
export const ABORT = `return redis.call('HDEL', KEYS[1], 't:' .. ARGV[1])`;

/** Stores of this session wait in blobs: later ones queue behind them. The writer's token goes; the copy stays readable. */
export const PEND = `${SHARED}
redis.call('HDEL', hash, 't:' .. ARGV[1])
if redis.call('HEXISTS', hash, 'gen') == 0 then reset(ARGV[2], 0) end
redis.call('HSET', hash, 'pending', '1')
live_for(ARGV[3])
return 1
`;

/** Nothing waits any more. */
export const SETTLE = `return redis.call('HDEL', KEYS[1], 'pending')`;

/** Ends the copy, whatever it held, and takes the caller's token back; other writers keep theirs. */
export const INVALIDATE = `${SHARED}
local token, gen, ttl = ARGV[1], ARGV[2], ARGV[3]
redis.call('HDEL', hash, 't:' .. token)
reset(gen, 0)
live_for(ttl)
return 1
`;

/** A reader installs what it rebuilt from Cosmos, unless anybody wrote since it looked (another gen, or a live token). */
export const INSTALL = `${SHARED}
local gen, fresh_gen, stale, ttl, fields = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local seen = redis.call('HGET', hash, 'gen') or ''
if seen ~= gen then return 0 end
for _, field in ipairs(redis.call('HKEYS', hash)) do
  if string.sub(field, 1, 2) == 't:' and tonumber(redis.call('HGET', hash, field)) >= stale then return 0 end
end
local pending = redis.call('HGET', hash, 'pending')
redis.call('DEL', hash)
redis.call('HSET', hash, 'gen', fresh_gen, unpack(ARGV, 6, 5 + fields))
if pending then redis.call('HSET', hash, 'pending', pending) end
if list then
  redis.call('DEL', list)
  push(6 + fields)
end
live_for(ttl)
return 1
`;

/** A reader found the copy's document unchanged in Cosmos: it is good for another while. */
export const VERIFY = `${SHARED}
local gen, etag, memory_etag, now, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local was = redis.call('HMGET', hash, 'gen', 'etag')
if was[1] ~= gen or was[2] ~= etag then return 0 end
redis.call('HSET', hash, 'verified_at', now, 'memory_etag', memory_etag)
live_for(ttl)
return 1
`;
