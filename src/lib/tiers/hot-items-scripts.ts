/**
 * Items in Lua, one script a step; `hot-item-entry.ts` says how an entry lies. KEYS[1] is the entry, KEYS[2] (a user's items only)
 * the list of the user's entries. ARGV starts with: now (ms), how long (ms) an entry must stay at least so that what it says of old
 * editions outlives those who read them. Numbers that do not fit 32 bits are texts of 15 digits, which compare like numbers.
 */
const HEAD = `
local key, now, least_life = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local head = redis.call('GETRANGE', key, 0, 81)
local found = #head == 82
local kind, version, verified = string.sub(head, 1, 1), string.sub(head, 27, 41), string.sub(head, 42, 56)
local generation = tonumber(found and string.sub(head, 2, 9) or 0)
local until_text = found and string.sub(head, 12, 26) or string.rep('0', 15)
local writers = tonumber(found and string.sub(head, 10, 11) or 0)
local counts = tonumber(until_text) > now
local abandoned = writers > 0 and not counts
if abandoned then writers = 0 end
local function mark()
  return string.format('%08d%02d', (generation + 1) % 100000000, math.min(writers, 99)) .. until_text
end
local function keep(life)
  if redis.call('PTTL', key) < life then redis.call('PEXPIRE', key, life) end
end
local function note(life)
  if not KEYS[2] then return end
  redis.call('SADD', KEYS[2], key)
  if redis.call('PTTL', KEYS[2]) < life then redis.call('PEXPIRE', KEYS[2], life) end
end
local function install(entry, life)
  life = math.max(life, least_life)
  redis.call('SET', key, entry, 'PX', string.format('%.0f', life))
  redis.call('SETRANGE', key, 1, mark())
  note(life)
end
`;

/** ARGV goes on with: until when the writer counts (15 digits), an empty entry. Answers the head that was there. */
export const BEGIN = `${HEAD}
writers, until_text = writers + 1, ARGV[3]
if found then
  redis.call('SETRANGE', key, 1, mark())
  if abandoned then redis.call('SETRANGE', key, 41, string.rep('0', 15)) end
  keep(least_life)
else
  install(ARGV[4], 0)
end
return head
`;

/** ARGV goes on with: version (15 digits), entry, its life (ms), 1 if this writer began here. */
export const COMMIT = `${HEAD}
writers = math.max(writers - tonumber(ARGV[6]), 0)
if not found or ARGV[3] >= version then
  install(ARGV[4], tonumber(ARGV[5]))
else
  redis.call('SETRANGE', key, 1, mark())
end
return 1
`;

/** The write did not happen. */
export const ABORT = `${HEAD}
writers = math.max(writers - 1, 0)
if found then
  redis.call('SETRANGE', key, 1, mark())
  if abandoned then redis.call('SETRANGE', key, 41, string.rep('0', 15)) end
end
return 1
`;

/** ARGV goes on with: version, verified_at (15 digits each), entry, its life (ms). Answers 1 when the entry now says so. */
export const PROMOTE = `${HEAD}
if found then
  if writers > 0 or version > ARGV[3] then return 0 end
  local new_kind = string.sub(ARGV[5], 1, 1)
  if version == ARGV[3] and new_kind ~= '0' and (kind == 'v' or kind == 'a') then
    if ARGV[4] > verified then redis.call('SETRANGE', key, 41, ARGV[4]) end
    if abandoned then redis.call('SETRANGE', key, 1, mark()) end
    if kind == 'v' then keep(tonumber(ARGV[6])) end
    return 1
  end
end
install(ARGV[5], tonumber(ARGV[6]))
return 1
`;

/**
 * ARGV goes on with: version, verified_at (15 digits each), entry, its life (ms), the generation in which nothing lay below (or ''),
 * and without it since when what is here must have been verified: an item alone, and that there is none. Answers the version, or ''.
 */
export const ALONE = `${HEAD}
if writers > 0 then return '' end
local proof = ARGV[4]
if ARGV[7] ~= '' then
  if generation ~= tonumber(ARGV[7]) then return '' end
else
  if not found or abandoned then return '' end
  if not ((kind == 'a' and verified >= ARGV[8]) or (kind == '0' and verified >= ARGV[9])) then return '' end
  proof = verified
end
local new_version = ARGV[3]
if found and version >= new_version then
  local text = string.format('%.0f', tonumber(version) + 1)
  new_version = string.rep('0', 15 - #text) .. text
end
install(ARGV[5], tonumber(ARGV[6]))
redis.call('SETRANGE', key, 26, new_version .. proof)
return new_version
`;

/** KEYS: the list of a user's entries, then entries that were on it. Deletes them. */
export const DROP = `
for n = 2, #KEYS do
  redis.call('DEL', KEYS[n])
  redis.call('SREM', KEYS[1], KEYS[n])
end
return #KEYS - 1
`;
