-- ARGV: now, id, call, end of the claim, how often the number has been dialled.
local id, call = ARGV[2], ARGV[3]
local record = kept(id)
local promise = record and promise_of(record)
local own = promise and promise.state.is == 'calling' and promise.state.call == call
if not own and not (promise and promise.state.is == 'waiting') then return { 'gone' } end
local refusal = take(id, record, call, tonumber(ARGV[4]))
if refusal == 'taken' then return { 'taken', record.call } end
if refusal then return { 'gone' } end
if not (own and promise.tries > tonumber(ARGV[5])) then
  promise.tries, promise.tried, promise.state = promise.tries + 1, now, { is = 'calling', call = call }
  set_promise(id, promise)
end
return { 'claimed', told_anew(id) }
