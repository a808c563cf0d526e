import { defineConfig } from "snax";

export default defineConfig({ thread: 2, start: "main" });
