-- ARGV: now, id.
local record = kept(ARGV[2])
if not record then return { 'gone' } end
return { 'got', told(record) }
