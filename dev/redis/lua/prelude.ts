/**
 * Run once in a fresh Lua state: leaves only what Redis's Lua 5.1 has, makes every library read-only, and returns the environment
 * of scripts and the handler that puts source and line on an error.
 */
export const PRELUDE = `
local load, getinfo = load, debug.getinfo
local format, gsub, select, type, tonumber, tostring = string.format, string.gsub, select, type, tonumber, tostring
local floor, ceil, rep, pcall, rawset = math.floor, math.ceil, string.rep, pcall, rawset
local frozen = setmetatable({}, { __mode = 'k' })

unpack = table.unpack
math.pow = function(x, y) return x ^ y end
math.log10 = function(x) return math.log(x, 10) end
table.getn = function(t) return #t end

string.rep = function(text, times) return rep(text, times) end

-- Redis's pcall gives the text of an error where redis.call raised a table.
local function unwrapped(ok, problem, ...)
  if not ok and type(problem) == 'table' and type(problem.err) == 'string' then return ok, problem.err end
  return ok, problem, ...
end
_G.pcall = function(...) return unwrapped(pcall(...)) end

_G.rawset = function(t, name, value)
  if frozen[t] then error('Attempt to modify a readonly table', 2) end
  return rawset(t, name, value)
end

-- Fengari's %d takes no number beyond 32 bits, and its %e and %g are not those of C.
string.format = function(pattern, ...)
  local args, at = { ... }, 0
  local rewritten = gsub(pattern, '%%([-+ #0]*%d*)(%.?%d*)(.)', function(width, precision, kind)
    if kind == '%' then return nil end
    at = at + 1
    if kind == 'e' or kind == 'E' or kind == 'g' or kind == 'G' then
      error('%' .. kind .. ' in string.format is not known to this server', 4)
    end
    if kind == 's' and type(args[at]) ~= 'string' and type(args[at]) ~= 'number' then
      error("bad argument #" .. at + 1 .. " to 'format' (string expected, got " .. type(args[at]) .. ')', 4)
    end
    if kind ~= 'd' and kind ~= 'i' then return nil end
    local number = tonumber(args[at])
    if number == nil then
      error("bad argument #" .. at + 1 .. " to 'format' (number expected, got " .. type(args[at]) .. ')', 4)
    end
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
  local proxy = {}
  frozen[proxy] = true
  return setmetatable(proxy, {
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
