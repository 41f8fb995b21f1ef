import { INDEX } from './hot-field-scripts.ts';

/**
 * All fields of a session at once. A script may touch only keys that it was given, so the caller names the fields it knows of, with
 * their keys; when there are others too, the answer is `more` and all names, and the caller comes back with them. KEYS: index, answers,
 * then the fields' keys; ARGV: written, who, tag, what to do, its argument, then the fields' names.
 * `read` answers a list of name, kind and texts for each field; `size` name and bytes; `ttl` gives all the same new life (ms),
 * `delete` deletes them, `sweep` does so if none was written after its argument (ms), `repair` drops entries of keys that are gone; these
 * answer how many. `figures` answers count and bytes by the index alone.
 */
export const EACH = `${INDEX}
local what, argument = ARGV[4], tonumber(ARGV[5])
if is_foreign() then return { 'foreign' } end
local last = tonumber(redis.call('HGET', index, '|written') or 0)
if what == 'sweep' and last > argument then return { 'ok', 0 } end
local key_of = {}
for n = 3, #KEYS do key_of[ARGV[n + 3]] = KEYS[n] end
local all = redis.call('HGETALL', index)
local names, entries, more, bytes = {}, {}, false, 0
for i = 1, #all, 2 do
  local entry = string.sub(all[i], 1, 1) ~= '|' and parse(all[i + 1])
  if entry and entry.expires > now then
    names[#names + 1], entries[all[i]] = all[i], entry
    bytes = bytes + entry.bytes
    if not key_of[all[i]] then more = true end
  end
end
if what == 'figures' then return { 'ok', #names, bytes } end
if more then
  table.insert(names, 1, 'more')
  return names
end
local answer, values, renewed, count = { 'ok' }, {}, {}, 0
for _, name in ipairs(names) do
  local key, entry = key_of[name], entries[name]
  values[#values + 1] = key
  if what == 'read' then
    local texts = entry.kind == 'list' and redis.call('LRANGE', key, 0, -1) or { redis.call('GET', key) or nil }
    if #texts > 0 then answer[#answer + 1] = { name, entry.kind, entry.kind == 'empty' and {} or texts } end
  elseif what == 'ttl' then
    entry.expires, entry.ttl = now + argument, argument
    if redis.call('PEXPIREAT', key, entry.expires) == 1 then
      renewed[#renewed + 1], renewed[#renewed + 2] = name, text_of(entry)
      count = count + 1
    end
  elseif what == 'size' or what == 'repair' then
    local is_there = redis.call('EXISTS', key) == 1
    if what == 'size' and is_there then answer[#answer + 1] = { name, entry.bytes } end
    if what == 'repair' and not is_there then
      drop(name, entry)
      count = count + 1
    end
  end
end
if what == 'ttl' and count > 0 then
  redis.call('HSET', index, unpack(renewed))
  redis.call('PEXPIREAT', index, now + argument)
elseif what == 'delete' or what == 'sweep' then
  if #values > 0 then count = redis.call('DEL', unpack(values)) end
  redis.call('DEL', index, KEYS[2])
end
if what ~= 'read' and what ~= 'size' then answer[2] = count end
return answer
`;

/**
 * Notes that a session has fields: KEYS[1] by when the last of them expires, KEYS[2] by when one was last written. Members that have
 * expired leave, a hundred at a time. ARGV: session, life of what was written (ms), written ('': nothing was).
 */
export const TOUCH = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local session, life = ARGV[1], tonumber(ARGV[2])
local expires = math.max(now + life, tonumber(redis.call('ZSCORE', KEYS[1], session) or 0))
redis.call('ZADD', KEYS[1], expires, session)
if ARGV[3] ~= '' then redis.call('ZADD', KEYS[2], ARGV[3], session) end
local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 100)
for _, key in ipairs(KEYS) do
  if #gone > 0 then redis.call('ZREM', key, unpack(gone)) end
  if redis.call('PTTL', key) < expires - now then redis.call('PEXPIREAT', key, expires) end
end
return 1
`;
