-- 0001: the first schema.  Never edited after a release; the next change is 0002.
-- The drivers replace the tokens, SQLite or PostgreSQL: {I64} INTEGER or BIGINT, {F64} REAL or
-- DOUBLE PRECISION, {BYTES} BLOB or BYTEA, {TEXT} TEXT or TEXT COLLATE "C", {JSON} TEXT or JSONB,
-- {TAIL} STRICT or nothing, {CLUSTER} STRICT, WITHOUT ROWID or nothing.
-- Times are us since 1970 UTC.  No foreign keys: the order of commits and `trackd check` keep them.
CREATE TABLE schema_version(
    version    {I64} PRIMARY KEY,
    phase      {TEXT} NOT NULL,
    applied_us {I64} NOT NULL
) {TAIL};

-- Numbers handed out: 'node', 'project'.
CREATE TABLE counter(
    name {TEXT} PRIMARY KEY,
    next {I64} NOT NULL
) {TAIL};
INSERT INTO counter(name, next) VALUES ('node', 1), ('project', 0);

-- One number space for everything that can stand in a graph.  type: 1 project, 2 run, 3 external.
CREATE TABLE node(
    id   {I64} PRIMARY KEY,
    type {I64} NOT NULL
) {TAIL};

CREATE TABLE project(
    node       {I64} PRIMARY KEY,
    id         {TEXT} NOT NULL UNIQUE,
    number     {I64} NOT NULL UNIQUE,
    workspace  {TEXT} NOT NULL,
    name       {TEXT} NOT NULL,
    created_us {I64} NOT NULL,
    updated_us {I64} NOT NULL,
    deleted_us {I64},
    note       {TEXT} NOT NULL,
    UNIQUE(workspace, name)
) {TAIL};

-- state: queued running finished failed stopped preempted unconfirmed.  final_state: what a finish
-- asked for while writers are open, or what a late spool interrupted.  series_seq: see series.
CREATE TABLE run(
    node         {I64} PRIMARY KEY,
    id           {TEXT} NOT NULL UNIQUE,
    project      {I64} NOT NULL,
    name         {TEXT} NOT NULL,
    kind         {TEXT} NOT NULL,
    state        {TEXT} NOT NULL,
    final_state  {TEXT} NOT NULL,
    capture_mode {TEXT} NOT NULL,
    client       {TEXT} NOT NULL,
    user_name    {TEXT} NOT NULL,
    host         {TEXT} NOT NULL,
    parent       {I64},
    rev          {I64} NOT NULL,
    epoch        {I64} NOT NULL,
    series_over  {I64} NOT NULL,
    series_seq   {I64} NOT NULL,
    stop         {I64} NOT NULL,
    created_us   {I64} NOT NULL,
    started_us   {I64} NOT NULL,
    ended_us     {I64},
    exit_code    {I64},
    signal       {I64},
    seen_us      {I64} NOT NULL,
    updated_us   {I64} NOT NULL,
    deleted_us   {I64},
    note         {TEXT} NOT NULL
) {TAIL};
CREATE INDEX run_started ON run(project, started_us, node);
CREATE INDEX run_parent ON run(parent);
-- Outside the trash: how many there are, how many run, and which was heard of last.
CREATE INDEX run_count ON run(project, state) WHERE deleted_us IS NULL;
CREATE INDEX run_heard ON run(project, seen_us) WHERE deleted_us IS NULL;
CREATE INDEX run_state ON run(state, seen_us);

-- Documents returned byte for byte.
CREATE TABLE run_doc(
    run  {I64} NOT NULL,
    name {TEXT} NOT NULL,
    rev  {I64} NOT NULL,
    data {BYTES} NOT NULL,
    PRIMARY KEY(run, name)
) {TAIL};

-- num: when the text is a number, for typed search.
CREATE TABLE run_param(
    run   {I64} NOT NULL,
    key   {TEXT} NOT NULL,
    value {TEXT} NOT NULL,
    num   {F64},
    PRIMARY KEY(run, key)
) {CLUSTER};
CREATE INDEX run_param_key ON run_param(key);

-- owner: a run.  head: first 128 characters of value.
CREATE TABLE tag(
    owner      {I64} NOT NULL,
    key        {TEXT} NOT NULL,
    value      {TEXT} NOT NULL,
    head       {TEXT} NOT NULL,
    updated_us {I64} NOT NULL,
    PRIMARY KEY(owner, key)
) {CLUSTER};
CREATE INDEX tag_head ON tag(key, head, owner);

-- What a series means.  name may be a glob; numbers: server/store_fact.h.
CREATE TABLE metric_def(
    owner      {I64} NOT NULL,
    name       {TEXT} NOT NULL,
    kind       {I64} NOT NULL,
    step_scale {I64} NOT NULL,
    goal       {I64} NOT NULL,
    unit       {TEXT} NOT NULL,
    step_key   {TEXT} NOT NULL,
    summary    {I64} NOT NULL,
    hidden     {I64} NOT NULL,
    PRIMARY KEY(owner, name)
) {CLUSTER};
CREATE INDEX metric_def_name ON metric_def(name, owner);

-- id: first 8 bytes of SHA-256(name 00 context), top bit 0.
CREATE TABLE series_key(
    id      {I64} PRIMARY KEY,
    name    {TEXT} NOT NULL,
    context {TEXT} NOT NULL
) {TAIL};
CREATE INDEX series_key_name ON series_key(name);

-- Derived from the journal, for search and sort; fresh when run.series_seq is the sum of the run's
-- writer.next_seq.  last: of the greatest (step, time, value), NULL with last_ok 0 for a NaN.
CREATE TABLE series(
    run        {I64} NOT NULL,
    key        {I64} NOT NULL,
    project    {I64} NOT NULL,
    step_scale {I64} NOT NULL,
    first      {F64},
    last       {F64},
    last_ok    {I64} NOT NULL,
    last_step  {I64} NOT NULL,
    last_us    {I64} NOT NULL,
    vmin       {F64},
    vmin_step  {I64} NOT NULL,
    vmax       {F64},
    vmax_step  {I64} NOT NULL,
    n          {I64} NOT NULL,
    vsum       {F64},
    bad        {I64} NOT NULL,
    first_step {I64} NOT NULL,
    PRIMARY KEY(run, key)
) {CLUSTER};
CREATE INDEX series_last ON series(project, key, last, run);

-- next_seq is the watermark: frames 0..next_seq-1 are held.  recent: content CRCs of the last 16.
-- last_step: the greatest of its points.
CREATE TABLE writer(
    run       {I64} NOT NULL,
    writer    {BYTES} NOT NULL,
    name      {TEXT} NOT NULL,
    host      {TEXT} NOT NULL,
    rank      {I64},
    pid       {I64} NOT NULL,
    next_seq  {I64} NOT NULL,
    next_key  {I64} NOT NULL,
    gaps      {I64} NOT NULL,
    points    {I64} NOT NULL,
    lost      {I64} NOT NULL,
    lost_why  {TEXT} NOT NULL,
    last_step {I64},
    began_us  {I64} NOT NULL,
    seen_us   {I64} NOT NULL,
    closed_us {I64},
    recent    {BYTES} NOT NULL,
    PRIMARY KEY(run, writer)
) {CLUSTER};

-- Dictionary of a writer's key numbers from first_no on: ids of series_key, 8 bytes each.
CREATE TABLE writer_key(
    run      {I64} NOT NULL,
    writer   {BYTES} NOT NULL,
    first_no {I64} NOT NULL,
    ids      {BYTES} NOT NULL,
    PRIMARY KEY(run, writer, first_no)
) {CLUSTER};

-- body: one TKF1 frame or several.
CREATE TABLE journal(
    run     {I64} NOT NULL,
    writer  {BYTES} NOT NULL,
    seq_lo  {I64} NOT NULL,
    seq_hi  {I64} NOT NULL,
    epoch   {I64} NOT NULL,
    n       {I64} NOT NULL,
    bytes   {I64} NOT NULL,
    recv_us {I64} NOT NULL,
    body    {BYTES} NOT NULL,
    PRIMARY KEY(run, writer, seq_lo)
) {TAIL};

-- size is plain.  enc: 0 raw, 1 TKB1.  loc: '' is a row of blob_inline.
CREATE TABLE blob(
    digest      {BYTES} PRIMARY KEY,
    size        {I64} NOT NULL,
    stored      {I64} NOT NULL,
    enc         {I64} NOT NULL,
    loc         {TEXT} NOT NULL,
    created_us  {I64} NOT NULL,
    ref_us      {I64} NOT NULL,
    verified_us {I64}
) {CLUSTER};
CREATE TABLE blob_inline(
    digest {BYTES} PRIMARY KEY,
    data   {BYTES} NOT NULL
) {TAIL};

-- Every object that may exist without a blob row.  state: 0 uploading, 1 dead.
CREATE TABLE loose(
    loc      {TEXT} PRIMARY KEY,
    digest   {BYTES},
    state    {I64} NOT NULL,
    size     {I64} NOT NULL,
    since_us {I64} NOT NULL
) {CLUSTER};
CREATE INDEX loose_since ON loose(state, since_us);

-- Files of a run by name.
CREATE TABLE path(
    owner  {I64} NOT NULL,
    path   {TEXT} NOT NULL,
    digest {BYTES} NOT NULL,
    size   {I64} NOT NULL,
    media  {TEXT} NOT NULL,
    at_us  {I64} NOT NULL,
    PRIMARY KEY(owner, path)
) {CLUSTER};
CREATE INDEX path_digest ON path(digest);

-- Something outside with a digest, "alg:value".  meta: JSON of what is known of it.
CREATE TABLE external_ref(
    node    {I64} PRIMARY KEY,
    project {I64} NOT NULL,
    kind    {TEXT} NOT NULL,
    name    {TEXT} NOT NULL,
    digest  {TEXT} NOT NULL,
    uri     {TEXT} NOT NULL,
    size    {I64},
    UNIQUE(project, kind, name, digest)
) {TAIL};

-- Arrows from cause to effect.  kind 1: src (external_ref) was used by dst (run).  basis: bit 1
-- declared, bit 2 observed.  path: where dst found it.  Rows are added, never changed.
CREATE TABLE edge(
    id    {I64} PRIMARY KEY,
    kind  {I64} NOT NULL,
    src   {I64} NOT NULL,
    dst   {I64} NOT NULL,
    basis {I64} NOT NULL,
    role  {TEXT} NOT NULL,
    path  {TEXT} NOT NULL,
    at_us {I64} NOT NULL
) {TAIL};
CREATE INDEX edge_src ON edge(src, dst, kind, basis);
CREATE INDEX edge_dst ON edge(dst, src, kind, basis);

-- Alerts of one title fold into one row.
CREATE TABLE alert(
    id       {I64} PRIMARY KEY,
    run      {I64} NOT NULL,
    title    {TEXT} NOT NULL,
    level    {I64} NOT NULL,
    count    {I64} NOT NULL,
    first_us {I64} NOT NULL,
    last_us  {I64} NOT NULL,
    text     {TEXT} NOT NULL,
    UNIQUE(run, title)
) {TAIL};

-- Ids of alerts that were counted, so that one sent again is not.
CREATE TABLE alert_seen(
    run {I64} NOT NULL,
    id  {TEXT} NOT NULL,
    PRIMARY KEY(run, id)
) {CLUSTER};
