-- ARGV: now, dialled number, code, call, number of the try, end of the claim, wrong codes at most, within, barred for.
local number_dialled, code, call, nth = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local max, within, barred_for = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local key = prefix .. 'guesses:' .. number_dialled
local known = redis.call('HMGET', key, 'since', 'wrong', 'last', 'barred')
local barred = number(known[4])
if barred > now then return { 'barred', whole(barred) } end

local id = pin_holder(number_dialled, code)
if not id then
  local since, wrong, last = number(known[1]), number(known[2]), call .. ' ' .. nth
  if not known[1] or since + within <= now then since, wrong = now, 0 end
  if not (wrong > 0 and known[3] == last) then wrong = wrong + 1 end
  if wrong >= max then since, wrong, barred = now, 0, now + barred_for else barred = 0 end
  redis.call('HSET', key, 'since', whole(since), 'wrong', whole(wrong), 'last', last, 'barred', whole(barred))
  live_until(key, math.max(barred, since + within))
  return { 'found' }
end

local record = kept(id)
local last_agent = redis.call('HMGET', prefix .. 'agent:' .. record.customer_id, 'agent', 'until')
local agent = (last_agent[1] and number(last_agent[2]) > now) and last_agent[1] or ''
take(id, record, call, tonumber(ARGV[6]))
return { 'found', { 'p', agent, told(record) } }
