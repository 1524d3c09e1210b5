-- What leads to an intent: its callers, its number, its code.
local function each_phone(record, act)
  for phone in string.gmatch(record.phones, '%S+') do act(prefix .. 'caller:' .. phone) end
end

local function pin_key(dialled, code) return prefix .. 'pin:' .. dialled .. ':' .. code end

-- The live intent that has this code on this number.
local function pin_holder(dialled, code, moment)
  local id = redis.call('GET', pin_key(dialled, code))
  local record = id and kept(id)
  if record and is_live(record, moment) then return id end
end

-- Acts on the key of the code that the intent has still.
local function with_pin(id, record, act)
  if not record.pin or record.pin == '' then return end
  local key = pin_key(record.number, record.pin)
  if redis.call('GET', key) == id then act(key) end
end

-- The number is this intent's alone, and was not given back.
local function holds_number(id, record)
  return record.shared == '0' and redis.call('GET', prefix .. 'number:' .. record.number) == id
end

local function set_free_from(record, choose)
  local pool = prefix .. 'pool:' .. record.pool
  local date = redis.call('ZSCORE', pool, record.number)
  if not date then return end
  local free_from = choose(number(date))
  redis.call('ZADD', pool, whole(free_from), record.number)
  live_until(pool, math.max(free_from, now + POOL_KEPT))
end

local function give_number_back(id, record)
  if not holds_number(id, record) then return end
  redis.call('DEL', prefix .. 'number:' .. record.number)
  set_free_from(record, function(date) return math.min(date, now + number(record.quarantine)) end)
end

-- No call can be matched to it any more: its number rests, its callers forget it.
local function conclude(id, record)
  keep_until(id, record, now + KEPT_AFTER)
  each_phone(record, function(caller) redis.call('ZREM', caller, id) end)
  with_pin(id, record, function(key) redis.call('DEL', key) end)
  give_number_back(id, record)
end
