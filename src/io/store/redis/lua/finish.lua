-- ARGV: now, id, call, agent (empty: none), an agent answered (1), how a customer was missed who was called back (empty: was not).
local id, call, agent, used, missed = ARGV[2], ARGV[3], ARGV[4], ARGV[5] == '1', ARGV[6]
local record = kept(id)
if not record then return { 'gone' } end
if record.state == 'claimed' and record.call ~= call then return { 'taken', record.call } end
-- Open and used: the claim was lost on its way, but the agent did answer.
if not (record.state == 'claimed' or record.state == 'open' and used) then return { 'finished' } end

local promise = promise_of(record)
if promise and (promise.state.is == 'waiting' or promise.state.is == 'calling') then
  if used then
    promise.state = { is = 'reached' }
    set_promise(id, promise)
    redis.call('ZREM', prefix .. 'callbacks', id)
  elseif promise.state.is == 'calling' and record.state == 'claimed' and promise.state.call == call then
    promise.state = { is = 'waiting' }
    if missed ~= '' then promise.missed = missed end
    set_promise(id, promise)
  end
end
redis.call('HSET', intent_key(id), 'state', used and 'used' or 'open', 'call', '', 'until', '0')
if used then conclude(id, record) else keep_until(id, record, now + KEPT_AFTER) end
if agent ~= '' then
  local key = prefix .. 'agent:' .. record.customer_id
  redis.call('HSET', key, 'agent', agent, 'until', whole(now + LAST_AGENT_KEPT))
  redis.call('PEXPIRE', key, whole(LAST_AGENT_KEPT + SKEW))
end
return { 'finished' }
