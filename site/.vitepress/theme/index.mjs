/** VitePress's own theme, and the name of a file above its block. */

import theme from "vitepress/theme";
import "./style.css";

export default theme;
