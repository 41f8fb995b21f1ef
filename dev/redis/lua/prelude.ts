/**
 * Run once in a fresh Lua state: leaves only what Redis's Lua 5.1 has, makes every library read-only, and returns the environment
 * of scripts and the handler that puts source and line on an error.
 */
export const PRELUDE = `
local load, getinfo = load, debug.getinfo
local format, gsub, select, type, tonumber, tostring = string.format, string.gsub, select, type, tonumber, tostring
local floor, ceil = math.floor, math.ceil

unpack = table.unpack
math.pow = function(x, y) return x ^ y end
math.log10 = function(x) return math.log(x, 10) end
table.getn = function(t) return #t end

-- Fengari's %d takes no number beyond 32 bits.
string.format = function(pattern, ...)
  local args, at = { ... }, 0
  local rewritten = gsub(pattern, '%%([-+ #0]*%d*)(%.?%d*)(.)', function(width, precision, kind)
    if kind == '%' then return nil end
    at = at + 1
    if kind ~= 'd' and kind ~= 'i' then return nil end
    local number = tonumber(args[at])
    if number == nil then return nil end
    args[at] = number < 0 and ceil(number) or floor(number)
    return '%' .. width .. '.0f'
  end)
  return format(rewritten, unpack(args, 1, select('#', ...)))
end

for _, name in ipairs({ 'io', 'os', 'debug', 'package', 'utf8', 'require', 'dofile', 'loadfile', 'print', 'collectgarbage' }) do
  _G[name] = nil
end
for _, name in ipairs({ 'move', 'pack', 'unpack' }) do table[name] = nil end
for _, name in ipairs({ 'pack', 'unpack', 'packsize' }) do string[name] = nil end
for _, name in ipairs({ 'type', 'tointeger', 'ult', 'maxinteger', 'mininteger' }) do math[name] = nil end
_VERSION = 'Lua 5.1'

local globals = _G
local function readonly(shown)
  return setmetatable({}, {
    __index = shown,
    __newindex = function() error('Attempt to modify a readonly table', 2) end,
    __metatable = false,
  })
end
for _, name in ipairs({ 'string', 'table', 'math', 'coroutine', 'redis', 'cjson' }) do globals[name] = readonly(globals[name]) end
local environment = readonly(globals)
setmetatable(globals, {
  __index = function(_, name)
    error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
  end,
})
rawset(globals, '_G', environment)
rawset(globals, 'load', function(source, name) return load(source, name, 't', environment) end)
rawset(globals, 'loadstring', globals.load)

local function onError(problem)
  local level, where = 2, nil
  repeat
    where = getinfo(level, 'Sl')
    level = level + 1
  until where == nil or where.source == '@user_script'
  if type(problem) ~= 'table' then problem = { err = 'ERR ' .. tostring(problem) } end
  if where then
    problem.source = where.source
    problem.line = where.currentline
  end
  return problem
end

return environment, onError
`;
