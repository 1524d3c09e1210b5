-- What all scripts share. The constants SKEW, KEPT_AFTER, ... stand before this text; times are milliseconds since 1970.
local prefix = KEYS[1] .. ':'
local now = tonumber(ARGV[1])

local function number(text) return tonumber(text) or 0 end

local function whole(value) return string.format('%.0f', value) end

-- The key lives until everybody's clock is past `moment`; its life is never shortened.
local function live_until(key, moment)
  local left = math.max(moment - now, 0) + SKEW
  if redis.call('PTTL', key) < left then redis.call('PEXPIRE', key, whole(left)) end
end

local function intent_key(id) return prefix .. 'intent:' .. id end

-- The record as a table of texts, or nil.
local function read(id)
  local flat = redis.call('HGETALL', intent_key(id))
  if #flat == 0 then return nil end
  local record = {}
  for i = 1, #flat, 2 do record[flat[i]] = flat[i + 1] end
  return record
end

-- The same, unless it has been kept long enough.
local function kept(id)
  local record = read(id)
  if record and number(record.keep) > now then return record end
end

-- How a record is answered: packed as one value. Some dozens of them cost more to send and to read than all the rest.
local function told(record) return cmsgpack.pack(record) end

-- The same of what is there now.
local function told_anew(id) return told(read(id)) end

-- At this moment, or now.
local function is_live(record, moment)
  return (record.state == 'open' or record.state == 'claimed') and number(record.expires) > (moment or now)
end

local function keep_until(id, record, moment)
  if moment > number(record.keep) then
    record.keep = whole(moment)
    redis.call('HSET', intent_key(id), 'keep', record.keep)
    redis.call('ZADD', prefix .. 'intents', record.keep, id)
  end
  live_until(intent_key(id), number(record.keep))
  live_until(prefix .. 'intents', number(record.keep))
end

-- The callback of the intent, or nil.
local function promise_of(record)
  local text = record.callback
  if not text or text == '' or text == 'null' then return nil end
  return cjson.decode(text)
end

local function set_promise(id, promise) redis.call('HSET', intent_key(id), 'callback', cjson.encode(promise)) end

-- The call that is calling the customer, as long as its claim holds.
local function caller_of(record, promise)
  local by = promise and promise.state.is == 'calling' and promise.state.call
  if by and record.state == 'claimed' and record.call == by and number(record['until']) > now then return by end
end

-- Takes the intent for a call until `ends`, or says why not: it is 'gone', or 'taken' by another.
local function take(id, record, call, ends)
  if not record or record.state == 'used' or record.state == 'withdrawn' then return 'gone' end
  if record.state == 'claimed' and record.call == call then
    ends = math.max(ends, number(record['until']))
  elseif record.state == 'claimed' and number(record['until']) > now then
    return 'taken'
  elseif number(record.expires) <= now then
    return 'gone'
  end
  record.state, record.call, record['until'] = 'claimed', call, whole(ends)
  redis.call('HSET', intent_key(id), 'state', record.state, 'call', record.call, 'until', record['until'])
  keep_until(id, record, ends + KEPT_AFTER)
end

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
