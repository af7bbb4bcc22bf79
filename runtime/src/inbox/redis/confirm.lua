-- Records the events as handled: KEYS are the events, ARGV the unit's token and for how many ms they are remembered. Returns
-- how many another unit is at work on, because the lease ran out; those are its to record.
local lost = 0
for _, key in ipairs(KEYS) do
    local held = redis.call('GET', key)
    if not held or held == ARGV[1] then
        redis.call('SET', key, '=', 'PX', ARGV[2])
    elseif held ~= '=' then
        lost = lost + 1
    end
end
return lost
