-- Beside the schema that the measurements were made in: relations of its
-- statements that are not in there, and what the others need.
set search_path = m, public;
create table tpk (id int, w int not null, x int);
insert into tpk select g, g, g from generate_series(1, 1000) g;
create table tnnx (w int); insert into tnnx select generate_series(1, 1000); create unique index tnnx_w on tnnx (w);
create table tnny (w int not null); insert into tnny select generate_series(1, 1000); create unique index tnny_w on tnny (w);
create table tib (a int); insert into tib select generate_series(1, 3000); create index tib_a_idx on tib (a);
create table tck (vc varchar(10) check (vc <> 'q')); insert into tck select 'a' from generate_series(1, 500);
create table fkp (id bigint, k int);
create table inh2 (like par including all);
create index pki on only p (id); create index p1ki on p1 (id);
create table eit (a int, b int); create index ei on eit ((a + b));
create function etf() returns event_trigger language plpgsql as 'begin end';

-- keys in a circle, with each action
create table parent (id bigint primary key, code varchar(20) unique, note text);
insert into parent select g, 'c' || g, 'n' from generate_series(1, 200) g;
create index parent_note on parent (note);
create table kid (id bigint generated always as identity primary key, parent_id bigint references parent on delete cascade on update cascade, code varchar(20) references parent (code), n serial, state text default 'new' check (state <> ''), up text);
insert into kid (parent_id, code) select 1 + g % 200, 'c' || 1 + g % 200 from generate_series(1, 400) g;
create index kid_parent on kid (parent_id); create index kid_state_low on kid (lower(state)); create index kid_part on kid (n) where state <> 'x';
create table other (id int primary key, kid_id bigint references kid on delete cascade, t1 text, t2 varchar(30) collate "C");
insert into other select g, g, 'x', 'y' from generate_series(1, 100) g; create index other_t2 on other (t2);
create table lonely (id int, v text, ts timestamp, tz timestamptz, arr varchar(5)[], num numeric(6, 2), en mood, nn int not null);
insert into lonely select g, 'v', now(), now(), '{a}', 1, 'a', g from generate_series(1, 100) g;
create index lonely_v on lonely (v text_pattern_ops); create index lonely_en on lonely (en);
create table void (id int primary key, v text, lonely_id int);
create view seen as select k.id, p.note from kid k join parent p on p.code = k.code;
create view seen2 as select * from seen where id > 3; create table viewed (id int primary key, v text); insert into viewed select g, 'v' from generate_series(1, 60) g; create view plain as select id, v from viewed; create table void2 (id int primary key, v text); create table published (id int primary key, v text);
create materialized view counted as select up, count(*) as n from kid group by 1; create unique index counted_u on counted (up);
create materialized view unfilled as select * from viewed with no data;
create sequence free; create sequence held_by owned by lonely.id; create statistics lonely_st on id, v from lonely;
create function tick() returns trigger language plpgsql as 'begin return new; end';
create trigger kid_tick after update of up on kid for each row when (new.up = 'y') execute function tick();
create function plus1(int) returns int language sql immutable as 'select $1 + 1'; create function vol() returns int language plpgsql volatile as 'begin return 1; end'; create function stab() returns int language plpgsql stable as 'begin return 1; end'; create function sqlvol() returns int language sql volatile as 'select 7';
create domain pos as int check (value > 0); create domain loose as varchar(20); create domain pos2 as pos;
create table doms (p pos, l loose, p2 pos2); insert into doms select 1, 'a', 1 from generate_series(1, 50);
create type pair as (x int, y text); create table typed of pair; create table paired (id int, pr pair); insert into paired select 1, row (1, 'a')::pair;

-- partitions of partitions, with an index, a default and keys
create table sales (id bigint, day date not null, region text, amount numeric) partition by range (day);
create table sales_24 partition of sales for values from ('2024-01-01') to ('2025-01-01') partition by list (region);
create table sales_24_eu partition of sales_24 for values in ('eu'); create table sales_24_rest partition of sales_24 default;
create table sales_25 partition of sales for values from ('2025-01-01') to ('2026-01-01');
create table sales_def partition of sales default;
create index sales_id on sales (id);
insert into sales select g, date '2024-01-01' + g, case when g % 2 = 0 then 'eu' else 'us' end, g from generate_series(0, 700) g; insert into sales values (5000, '2030-01-01', 'eu', 1);
create table sales_26 (id bigint, day date not null, region text, amount numeric, check (day >= '2026-01-01' and day < '2026-07-01'));
create table sales_27 (like sales including indexes);
insert into sales_27 select 1, '2027-01-02', 'eu', 1;
create table lists (k int, v text) partition by list (k); create table lists_1 partition of lists for values in (1, 2); create table lists_n partition of lists for values in (null);
create table lists_34 (k int check (k is not null and k in (3, 4)), v text); insert into lists_34 values (3, 'x');
create table lists_5 (k int check (k = 5), v text); insert into lists_5 values (5, 'x');
create table hashed (id int primary key, v text) partition by hash (id); create table hashed_0 partition of hashed for values with (modulus 2, remainder 0); create table hashed_1 partition of hashed for values with (modulus 2, remainder 1);
insert into hashed select g, 'x' from generate_series(1, 100) g;
create table to_hashed (id int, hashed_id int references hashed); insert into to_hashed select g, g from generate_series(1, 50) g;
create table two (a int not null, b int not null, v text) partition by range (a, b); create table two_1 partition of two for values from (1, 1) to (2, 5); create table two_def partition of two default; insert into two select 1, 3, 'x' from generate_series(1, 30);
insert into two select 9, 3, 'x' from generate_series(1, 30);
alter table two_def add constraint not_two check (a >= 9 and b >= 0);
create table tree (id int, v text); create table tree_a () inherits (tree); create table tree_b (w int) inherits (tree_a); insert into tree select g, 'x' from generate_series(1, 10) g; insert into tree_b select g, 'y', 1 from generate_series(1, 20) g;
create table pk_fk (id int primary key, sales_id int) partition by range (id); create table pk_fk_1 partition of pk_fk for values from (0) to (100); insert into pk_fk select g, g from generate_series(1, 50) g;
create table wide (id int, big text, unique (id)); insert into wide select g, 'b' from generate_series(1, 40) g; alter table wide alter column big set storage plain;
create unlogged table fast (id int generated always as identity primary key, t text); insert into fast (t) select 'x' from generate_series(1, 10);
create publication pub for table published; create schema away; create table away.thing (id int primary key references parent (id)); create index lonely_nn on lonely (nn); alter table lonely cluster on lonely_nn;
