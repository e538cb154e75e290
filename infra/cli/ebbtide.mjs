#!/usr/bin/env node
import '../setup/start.mjs';
