-- ARGV: now, id, call, when the number was dialled before (empty: never), how often.
local id, call, tried = ARGV[2], ARGV[3], ARGV[4]
local record = kept(id)
if not record then return { 'gone' } end
if record.state == 'claimed' and record.call ~= call then return { 'taken', record.call } end
if record.state ~= 'claimed' then return { 'finished' } end
local promise = promise_of(record)
if promise and promise.state.is == 'calling' and promise.state.call == call then
  promise.tries = math.min(promise.tries, tonumber(ARGV[5]))
  promise.tried = tried == '' and cjson.null or tonumber(tried)
  promise.state = { is = 'waiting' }
  set_promise(id, promise)
end
redis.call('HSET', intent_key(id), 'state', 'open', 'call', '', 'until', '0')
keep_until(id, record, now + KEPT_AFTER)
return { 'finished' }
