-- ARGV: now.
local open = { 'promises' }
for _, id in ipairs(redis.call('ZRANGE', prefix .. 'callbacks', 0, -1)) do
  local record = kept(id)
  local promise = record and (record.state == 'open' or record.state == 'claimed') and promise_of(record)
  if promise and (promise.state.is == 'waiting' or promise.state.is == 'calling') then open[#open + 1] = told(record) end
end
return open
