// What every page has: theme, times, live parts, keys, actions. Each concept is a module of its own.
import { startActions } from "./actions.js";
import { startKeys } from "./keys.js";
import { startLive } from "./live.js";
import { startPreferences } from "./preferences.js";
import { startTimes } from "./times.js";

startPreferences();
startTimes();
startKeys();
startActions();
startLive();
