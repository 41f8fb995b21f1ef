/** Bounds of fields, in bytes of JSON text (CONTRACT "Fields"): one value, all of a session, and how many a session may have. */
export const MAX_FIELD_BYTES = 262_144;
export const MAX_SESSION_FIELD_BYTES = 4_194_304;
export const MAX_FIELDS = 1000;
/** How long the answer to an Idempotency-Key is remembered. Fields are scratch values, so it is minutes here, not a day. */
export const REPLAY_SECONDS = 600;

/**
 * Fields in Lua, one script a step. KEYS[1] is the index, a hash of name → `kind|bytes|written|expires|ttl|tag` with times in ms, and
 * of what is beside the names because no name has a `|`: `|bytes` in all, `|written` last, `|owner` (the user who wrote first, or '').
 * A field is there when its entry has not expired (by the clock of Redis) and its key exists: whichever of the two is evicted, the
 * field is gone as a whole. A value's key is a string of JSON, or a list of JSON texts; Redis keeps no empty list, so that is the
 * string `[]`. Values are opaque here: no cjson. ARGV starts with: written, who, tag. `who` is '', or the user whose fields they must
 * be (`must|u`), or may be unless they are another user's (`may|u`).
 */
export const INDEX = `
local index = KEYS[1]
local written, who, tag = ARGV[1], ARGV[2], ARGV[3]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local rule, user = string.match(who, '^(%a+)|(.*)$')
local function is_foreign()
  local owner = rule and redis.call('HGET', index, '|owner')
  if not owner or owner == user then return false end
  return rule == 'must' or owner ~= ''
end
local function parse(text)
  local kind, bytes, at, expires, ttl, entry_tag = string.match(text, '^(%a+)|(%d+)|(%d+)|(%d+)|(%d+)|(.*)$')
  return { kind = kind, bytes = tonumber(bytes), written = at, expires = tonumber(expires), ttl = tonumber(ttl), tag = entry_tag }
end
local function find(text, key)
  local entry = text and parse(text)
  local alive = entry and entry.expires > now and redis.call('EXISTS', key) == 1
  return alive and entry or nil, entry
end
local function drop(field, entry)
  redis.call('HDEL', index, field)
  redis.call('HINCRBY', index, '|bytes', -entry.bytes)
  if redis.call('HLEN', index) == 3 then redis.call('DEL', index) end
end
local function text_of(entry)
  return table.concat({ entry.kind, entry.bytes, entry.written, entry.expires, entry.ttl, entry.tag }, '|')
end
`;

/** What every script that writes needs. ARGV goes on with: If-Match, If-None-Match, as '' or '*' or ',tag,tag,'. */
export const WRITES = `${INDEX}
local must_be, must_not = ARGV[4], ARGV[5]
local function take(field, text, key)
  local alive, entry = find(text, key)
  if entry and not alive then drop(field, entry) end
  return alive
end
local function is_unmet(was)
  local function names(list) return was and (list == '*' or string.find(list, ',' .. was.tag .. ',', 1, true)) end
  return (must_be ~= '' and not names(must_be)) or (must_not ~= '' and names(must_not))
end
local function prune()
  local all = redis.call('HGETALL', index)
  for i = 1, #all, 2 do
    local entry = string.sub(all[i], 1, 1) ~= '|' and parse(all[i + 1])
    if entry and entry.expires <= now then drop(all[i], entry) end
  end
end
local function excess(fields, bytes)
  local count = math.max(redis.call('HLEN', index) - 3, 0)
  local total = tonumber(redis.call('HGET', index, '|bytes') or 0)
  if fields > 0 and count + fields > ${MAX_FIELDS} then return 'too_many_fields' end
  if bytes > 0 and total + bytes > ${MAX_SESSION_FIELD_BYTES} then return 'fields_too_large' end
end
local function no_room(fields, bytes)
  if not excess(fields, bytes) then return nil end
  prune()
  return excess(fields, bytes)
end
local function note(pairs_of_texts, bytes, expires)
  redis.call('HSET', index, '|written', written, unpack(pairs_of_texts))
  redis.call('HSETNX', index, '|owner', user or '')
  redis.call('HINCRBY', index, '|bytes', bytes)
  if redis.call('PTTL', index) < expires - now then redis.call('PEXPIREAT', index, expires) end
end
local function push(key, from, to)
  for first = from, to, 1000 do redis.call('RPUSH', key, unpack(ARGV, first, math.min(first + 999, to))) end
end
`;

/** Reads one field: `value`, a slice of a list, or the `length` of one. Answers kind, ms left, tag, and a list of the texts, or of the length. */
export const READ = `${INDEX}
local key, field, wanted, start, stop = KEYS[2], ARGV[4], ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
if is_foreign() then return { 'foreign' } end
local entry = find(redis.call('HGET', index, field), key)
if not entry then return { 'missing' } end
local answer = { 'ok', entry.kind, entry.expires - now, entry.tag, {} }
if wanted ~= 'value' and entry.kind == 'value' then return { 'wrong_type' } end
local count = entry.kind == 'list' and redis.call('LLEN', key) or 0
if wanted == 'length' then
  answer[5] = { count }
elseif entry.kind == 'value' then
  answer[5] = { redis.call('GET', key) }
else
  local function place(i) return math.max(math.min(i < 0 and count + i or i, count), 0) end
  local first, last = place(start or 0), place(stop or count) - 1
  if first <= last then answer[5] = redis.call('LRANGE', key, first, last) end
end
return answer
`;

/** Sets fields, all or none. KEYS go on with their keys; ARGV with ttl (ms), and for each name, kind, bytes, count, texts. */
export const SET = `${WRITES}
if is_foreign() then return { 'foreign' } end
local ttl = tonumber(ARGV[6])
local fields, names, at, added, grown = {}, {}, 7, 0, 0
for n = 2, #KEYS do
  local field = { kind = ARGV[at + 1], bytes = tonumber(ARGV[at + 2]), expires = now + ttl, ttl = ttl, written = written, tag = tag }
  field.first, field.last = at + 4, at + 3 + ARGV[at + 3]
  fields[n], names[n - 1], at = field, ARGV[at], field.last + 1
end
local texts = redis.call('HMGET', index, unpack(names))
for n = 2, #KEYS do
  local was = take(names[n - 1], texts[n - 1], KEYS[n])
  if is_unmet(was) then return { 'precondition' } end
  added = added + (was and 0 or 1)
  grown = grown + fields[n].bytes - (was and was.bytes or 0)
end
local refused = no_room(added, grown)
if refused then return { refused } end
local entries = {}
for n = 2, #KEYS do
  local field, key = fields[n], KEYS[n]
  if field.kind == 'list' then
    redis.call('DEL', key)
    push(key, field.first, field.last)
    redis.call('PEXPIREAT', key, field.expires)
  else
    redis.call('SET', key, ARGV[field.first], 'PXAT', field.expires)
  end
  entries[#entries + 1], entries[#entries + 2] = names[n - 1], text_of(field)
end
note(entries, grown, now + ttl)
return { 'ok' }
`;

/** Deletes one field. Answers whether it was there and how many are left. */
export const DROP = `${WRITES}
local key, field = KEYS[2], ARGV[6]
if is_foreign() then return { 'foreign' } end
local was = take(field, redis.call('HGET', index, field), key)
if is_unmet(was) then return { 'precondition' } end
if was then
  redis.call('DEL', key)
  drop(field, was)
end
return { 'ok', was and 1 or 0, math.max(redis.call('HLEN', index) - 3, 0) }
`;
