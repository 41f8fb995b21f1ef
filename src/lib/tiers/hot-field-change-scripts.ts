import { MAX_FIELD_BYTES, REPLAY_SECONDS, WRITES } from './hot-field-scripts.ts';

/**
 * Changes of a number or a list, which are not the same done twice. KEYS: index, value, answers by Idempotency-Key. ARGV goes on with:
 * name, replay (a digest of the key, or ''), body (a digest of what was asked), ttl (ms) of a field that is new, refresh ('1' renews).
 */
const CHANGE = `${WRITES}
local key, answers = KEYS[2], KEYS[3]
local name, replay, body, new_ttl, refresh = ARGV[6], ARGV[7], ARGV[8], tonumber(ARGV[9]), ARGV[10] == '1'
if is_foreign() then return { 'foreign' } end
if replay ~= '' then
  local at, asked, count, text = string.match(redis.call('HGET', answers, replay) or '', '^(%d+)|([^|]*)|([^|]*)|(.*)$')
  if at and now - at < ${REPLAY_SECONDS * 1000} then
    if asked ~= body then return { 'mismatch' } end
    return { 'duplicate', count, text }
  end
end
local was = take(name, redis.call('HGET', index, name), key)
if not was then redis.call('DEL', key) end
if is_unmet(was) then return { 'precondition' } end
local function done(count, text)
  if replay ~= '' then
    if redis.call('HLEN', answers) % 100 == 99 then
      local all = redis.call('HGETALL', answers)
      for i = 1, #all, 2 do
        if now - string.match(all[i + 1], '^%d+') >= ${REPLAY_SECONDS * 1000} then redis.call('HDEL', answers, all[i]) end
      end
    end
    redis.call('HSET', answers, replay, table.concat({ now, body, count, text }, '|'))
    redis.call('EXPIRE', answers, ${REPLAY_SECONDS})
  end
  return { 'ok', count, text }
end
local function life()
  if not was then return now + new_ttl, new_ttl end
  if refresh then return now + was.ttl, was.ttl end
  return was.expires, was.ttl
end
local function no_room_for(bytes)
  local before = was and was.bytes or 0
  if bytes > ${MAX_FIELD_BYTES} and bytes > before then return 'field_too_large' end
  return no_room(was and 0 or 1, bytes - before)
end
local function keep(kind, bytes)
  local expires, ttl = life()
  redis.call('PEXPIREAT', key, expires)
  local entry = { kind = kind, bytes = bytes, written = written, expires = expires, ttl = ttl, tag = tag }
  note({ name, text_of(entry) }, bytes - (was and was.bytes or 0), expires)
end
`;

/**
 * Adds to a number. Whole numbers of up to 15 digits are added here, exactly. Others are not: Lua does not write a number as JavaScript
 * does, so the caller is answered `again` with what is there, adds, and comes back with the sum and the tag it is the sum for.
 */
export const INCREMENT = `${CHANGE}
local by, seen, sum = ARGV[11], ARGV[12], ARGV[13]
local old = '0'
if was then
  old = was.kind == 'value' and redis.call('GET', key) or ''
  if not string.find(old, '^[%d%-]') then return { 'wrong_type' } end
end
local function is_whole(text) return #text <= 15 and string.find(text, '^%-?%d+$') end
local is = was and was.tag or 'none'
if seen == '' and is_whole(old) and is_whole(by) then
  sum = string.format('%.0f', old + by)
elseif seen ~= is then
  return { 'again', old, is }
end
local refused = no_room_for(#sum)
if refused then return { refused } end
redis.call('SET', key, sum)
keep('value', #sum)
return done(0, sum)
`;

/** What a list holds: its length, and the bytes of its texts without brackets and commas. */
const LIST = `${CHANGE}
if was and was.kind == 'value' then return { 'wrong_type' } end
local count, sum = 0, 0
if was and was.kind == 'list' then
  count = redis.call('LLEN', key)
  sum = was.bytes - count - 1
end
local function bytes_of(n, texts) return n == 0 and 2 or texts + n + 1 end
local function keep_list(n, texts)
  if n == 0 then redis.call('SET', key, '[]') end
  keep(n == 0 and 'empty' or 'list', bytes_of(n, texts))
end
local function start_list()
  if was and was.kind == 'empty' then redis.call('DEL', key) end
end
`;

/** Adds texts at the end and keeps the newest `most` (0: all). */
export const PUSH = `${LIST}
local most, first = tonumber(ARGV[11]), 12
local cut = most > 0 and math.max(count + #ARGV - 11 - most, 0) or 0
local old = math.min(cut, count)
first = first + cut - old
local texts = sum
if old > 0 then
  for _, text in ipairs(redis.call('LRANGE', key, 0, old - 1)) do texts = texts - #text end
end
for i = first, #ARGV do texts = texts + #ARGV[i] end
local n = count - old + #ARGV - first + 1
local refused = no_room_for(bytes_of(n, texts))
if refused then return { refused } end
start_list()
if old > 0 then redis.call('LTRIM', key, old, -1) end
push(key, first, #ARGV)
keep_list(n, texts)
return done(n, '')
`;

/** A text that is no JSON, to find a place in a list by. */
const MARK = `'\\0'`;

/** Inserts a text before an index, as Python does: a negative one counts from the end, one beyond either end is the end. */
export const INSERT = `${LIST}
local at, text = tonumber(ARGV[11]), ARGV[12]
at = math.min(math.max(at < 0 and count + at or at, 0), count)
local refused = no_room_for(bytes_of(count + 1, sum + #text))
if refused then return { refused } end
start_list()
if at == count then
  redis.call('RPUSH', key, text)
elseif at == 0 then
  redis.call('LPUSH', key, text)
else
  local there = redis.call('LINDEX', key, at)
  redis.call('LSET', key, at, ${MARK})
  redis.call('LINSERT', key, 'BEFORE', ${MARK}, text)
  redis.call('LSET', key, at + 1, there)
end
keep_list(count + 1, sum + #text)
return done(count + 1, '')
`;

/** Takes the text at an index out and answers it. */
export const POP = `${LIST}
local at = tonumber(ARGV[11])
if count == 0 then return { 'list_empty' } end
if at < 0 then at = count + at end
if at < 0 or at >= count then return { 'index_out_of_range', count } end
local text = redis.call('LINDEX', key, at)
redis.call('LSET', key, at, ${MARK})
redis.call('LREM', key, at * 2 < count and 1 or -1, ${MARK})
keep_list(count - 1, sum - #text)
return done(count - 1, text)
`;

/** Removes the first text that is exactly this one; with a tag only from the list that has it, else answers `again`. */
export const REMOVE = `${LIST}
local text, seen = ARGV[11], ARGV[12]
if count == 0 then return { 'value_not_found' } end
if seen ~= '' and seen ~= was.tag then return { 'again' } end
if redis.call('LREM', key, 1, text) == 0 then return { 'value_not_found' } end
keep_list(count - 1, sum - #text)
return done(count - 1, '')
`;
