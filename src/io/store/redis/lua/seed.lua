-- ARGV: now, pool, the date of new numbers, some numbers of the pool.
local key = prefix .. 'pool:' .. ARGV[2]
for i = 4, #ARGV do redis.call('ZADD', key, 'NX', ARGV[3], ARGV[i]) end
live_until(key, now + POOL_KEPT)
return { 'seeded', redis.call('ZCARD', key) }
