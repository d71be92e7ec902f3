-- For wrk: each connection's first request waits until all connections are there.
local calls, first = 0, tonumber(os.getenv("CONNECTIONS"))
local settle = tonumber(os.getenv("SETTLE")) * 1000

function delay()
   calls = calls + 1
   if calls <= first then
      return settle
   end
   return 0
end
