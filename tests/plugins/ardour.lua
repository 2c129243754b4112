-- Runs Pellucid's VST3 plugin in Ardour: a track of silence is recorded, its files are filled with the sound of
-- LEFT and RIGHT (raw float samples), and the track is bounced through the plugin.
--
--   ardour7-lua ardour.lua FOLDER LEFT RIGHT
local folder, inputs = arg[1], {arg[2], arg[3]}

local session = create_session(folder, "pellucid", 48000)
local route = session:new_audio_track(2, 2, nil, 1, "speech", ARDOUR.PresentationInfo.max_order,
                                      ARDOUR.TrackMode.Normal, true):front()
local track = route:to_track()
local plugin = ARDOUR.LuaAPI.new_plugin(session, "Pellucid noise removal", ARDOUR.PluginType.VST3, "")
assert(not plugin:isnil(), "Ardour does not find the plugin")
assert(route:add_processor_by_index(plugin, 0, nil, true) == 0, "the plugin cannot be inserted")
print("parameters " .. plugin:to_insert():plugin(0):parameter_count())
print("latency " .. plugin:to_insert():signal_latency())

for c = 1, 2 do route:input():nth(c - 1):connect("system:capture_" .. c) end
track:rec_enable_control():set_value(1, PBD.GroupControlDisposition.NoGroup)
session:maybe_enable_record()
session:request_roll(ARDOUR.TransportRequestSource.TRS_UI)
sleep(3)
session:request_stop(false, false, ARDOUR.TransportRequestSource.TRS_UI)
sleep(1)

local region
for r in track:playlist():region_list():iter() do region = r end
local from, frames = region:position():samples(), region:length():samples()
region:to_audioregion():set_fade_in_active(false)  -- 64 samples long by itself
region:to_audioregion():set_fade_out_active(false)
for c = 1, 2 do
  local sound = io.open(inputs[c], "rb"):read("a")
  local path = folder .. "/interchange/" .. folder:match("[^/]+$") .. "/audiofiles/Take1_speech-1%" ..
               ({"L", "R"})[c] .. ".wav"
  local file = assert(io.open(path, "r+b"))
  file:seek("set", file:seek("end") - 4 * frames)
  file:write(sound:sub(1, 4 * frames))
  file:close()
end

local function bounce(name)
  local region = track:bounce_range(from, from + frames, ARDOUR.InterThreadInfo(), plugin, true, name)
  assert(not region:isnil(), "bouncing gives nothing")
end
bounce("whole")
ARDOUR.LuaAPI.set_processor_param(plugin, 0, 0.5)
ARDOUR.LuaAPI.set_processor_param(plugin, 1, 20)
bounce("softer")
ARDOUR.LuaAPI.set_processor_param(plugin, 0, 1)
ARDOUR.LuaAPI.set_processor_param(plugin, 1, 100)
ARDOUR.LuaAPI.set_processor_param(plugin, 4, 1)
sleep(1)
bounce("nano")
