-- ARGV: now, id.
local id = ARGV[2]
local record = kept(id)
if not record then return { 'gone' } end
if record.state == 'withdrawn' then return { 'withdrawn' } end
if not is_live(record) then return { 'gone' } end
redis.call('HSET', intent_key(id), 'state', 'withdrawn')
conclude(id, record)
return { 'withdrawn' }
