-- ARGV: now, id, call, end of the claim.
local id, call, ends = ARGV[2], ARGV[3], tonumber(ARGV[4])
local record = kept(id)
if not record or record.state == 'used' or record.state == 'withdrawn' then return { 'gone' } end
if record.state == 'claimed' and record.call == call then
  ends = math.max(ends, number(record['until']))
elseif record.state == 'claimed' and number(record['until']) > now then
  return { 'taken', record.call }
elseif number(record.expires) <= now then
  return { 'gone' }
end
redis.call('HSET', intent_key(id), 'state', 'claimed', 'call', call, 'until', whole(ends))
keep_until(id, record, ends + KEPT_AFTER)
return { 'claimed', redis.call('HGETALL', intent_key(id)) }
