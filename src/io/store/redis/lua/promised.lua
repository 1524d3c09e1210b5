-- What an intent's callback is asked for.
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
