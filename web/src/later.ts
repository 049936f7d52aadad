// What the workspace does not need at first, as one chunk: each small one of its own would cost more than it saves.
export { BinsTable, toCsv } from './chart/table';
export { Tip } from './chart/tip';
export { AddPanel, ChartWays } from './pages/chartways';
export { TableBar } from './pages/tablebar';
export { TagDialog } from './pages/tagdialog';
export { Confirm } from './ui/dialog';
export { Help } from './ui/help';
export { Palette } from './ui/palette';
