-- ARGV: now, id.
local id = ARGV[2]
local record = kept(id)
if not record then return { 'gone' } end
if record.state == 'withdrawn' then return { 'withdrawn' } end
if not is_live(record) then return { 'gone' } end
redis.call('HSET', intent_key(id), 'state', 'withdrawn')
local promise = promise_of(record)
if promise and promise.state.is == 'waiting' then
  promise.state = { is = 'taken_back' }
  set_promise(id, promise)
end
conclude(id, record)
return { 'withdrawn' }
