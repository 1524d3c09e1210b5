-- ARGV: now, id, call that called last (empty: none), how it ended.
local id, call = ARGV[2], ARGV[3]
local record = kept(id)
local promise = record and promise_of(record)
if not promise then return { 'gone' } end
local by = caller_of(record, promise)
if by and by ~= call then return { 'taken', by } end
if promise.state.is == 'waiting' or promise.state.is == 'calling' then
  promise.state = { is = ARGV[4] }
  set_promise(id, promise)
  redis.call('ZREM', prefix .. 'callbacks', id)
end
return { 'promised', told_anew(id) }
