-- ARGV: now, id.
local _, flat = kept(ARGV[2])
if not flat then return { 'gone' } end
return { 'got', flat }
