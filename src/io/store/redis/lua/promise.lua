-- ARGV: now, id, the callback, the life of the intent at least, most for a number, most for a customer, most tries, the
-- customer's own call (empty: none).
local id, ends = ARGV[2], tonumber(ARGV[4])
local record = kept(id)
if not record or not is_live(record) then return { 'gone' } end
local promise, old = cjson.decode(ARGV[3]), promise_of(record)
local by = caller_of(record, old)
if by then return { 'taken', by } end
if old then
  if old.tries >= tonumber(ARGV[7]) then return { 'too_many' } end
  promise.tries, promise.tried, promise.missed = old.tries, old.tried, old.missed
  if old.state.is == 'waiting' then promise.since = math.min(promise.since, old.since) end
end

local of_number = prefix .. 'promised:n:' .. promise.number
local of_customer = prefix .. 'promised:c:' .. record.customer_id
local function others(key)
  local own = redis.call('ZSCORE', key, id)
  local count = redis.call('ZCOUNT', key, '(' .. whole(now), '+inf')
  return (own and number(own) > now) and count - 1 or count
end
if others(of_number) >= tonumber(ARGV[5]) or others(of_customer) >= tonumber(ARGV[6]) then return { 'too_many' } end

promise.promised = now
local counted = now + CALLBACK_COUNTED
if old then redis.call('ZREM', prefix .. 'promised:n:' .. old.number, id) end
for _, key in ipairs({ of_number, of_customer }) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', whole(now - SKEW))
  redis.call('ZADD', key, whole(counted), id)
  live_until(key, counted)
end

local expires = math.max(number(record.expires), ends)
record.expires = whole(expires)
redis.call('HSET', intent_key(id), 'expires', record.expires)
set_promise(id, promise)
keep_until(id, record, math.max(expires + KEPT_AFTER, counted))
redis.call('ZREMRANGEBYSCORE', prefix .. 'callbacks', '-inf', whole(now - SKEW))
redis.call('ZADD', prefix .. 'callbacks', record.keep, id)
live_until(prefix .. 'callbacks', number(record.keep))
each_phone(record, function(caller)
  redis.call('ZADD', caller, 'XX', whole(expires), id)
  live_until(caller, expires)
end)
with_pin(id, record, function(key) live_until(key, expires) end)
if record.shared == '0' then
  give_number_back(id, record)
  redis.call('HSET', intent_key(id), 'number', '', 'shared', '')
end
-- Whatever becomes of the process that has their call, it does not keep the callback from them.
if record.state == 'claimed' and record.call == ARGV[8] then
  redis.call('HSET', intent_key(id), 'state', 'open', 'call', '', 'until', '0')
end
return { 'promised', told_anew(id) }
