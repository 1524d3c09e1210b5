-- ARGV: now, id, call, end of the claim.
local id = ARGV[2]
local record = kept(id)
local refusal = take(id, record, ARGV[3], tonumber(ARGV[4]))
if refusal == 'taken' then return { 'taken', record.call } end
if refusal then return { 'gone' } end
return { 'claimed', told(record) }
