-- ARGV: now, pool, the date of new numbers, the numbers.
local key = prefix .. 'pool:' .. ARGV[2]
local missing = {}
for i = 4, #ARGV do missing[ARGV[i]] = true end
for _, known in ipairs(redis.call('ZRANGE', key, 0, -1)) do
  if missing[known] then missing[known] = nil else redis.call('ZREM', key, known) end
end
for i = 4, #ARGV do
  if missing[ARGV[i]] then redis.call('ZADD', key, ARGV[3], ARGV[i]) end
end
live_until(key, now + POOL_KEPT)
return { 'seeded', redis.call('ZCARD', key) }
