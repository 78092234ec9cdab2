-- path: shop,public
-- Quoted names, three levels of partitions, several parents, circles of keys,
-- what needs more than tables: for statements of shop.txt.
do $$ begin create role mrole; exception when others then null; end $$;
create schema shop; create schema "Other Schema"; create schema arch;
set search_path = shop, public; set check_function_bodies = off;
create type status as enum ('new', 'paid', 'sent'); create type money_amt as (amount numeric, cur char(3));
create domain email as text check (value ~ '@'); create domain short as varchar(10); create domain shorter as short; create domain strict_email as email not null; create domain tags as text[] check (array_length(value, 1) < 10); create domain plain_tags as text[]; create domain intd as int; create domain defd as int default 7; create domain vdefd as int default (random() * 10)::int;
create function f_imm(int) returns int language sql immutable as 'select $1 + 1';
create function f_stab() returns int language plpgsql stable as 'begin return 1; end';
create function f_vol() returns int language plpgsql volatile as 'begin return 1; end';
create function f_plimm(int) returns int language plpgsql immutable as 'begin return $1; end';
create function f_reads() returns bigint language sql stable as 'select count(*) from shop.customer';
create function f_trig() returns trigger language plpgsql as 'begin return new; end';
create function f_set() returns setof int language sql immutable as 'select 1';
create function f_secdef() returns int language sql immutable security definer as 'select 3';
create function f_deflt(a int, b int default 4) returns int language plpgsql volatile as 'begin return a + b; end';
create function f_over(int) returns int language plpgsql immutable as 'begin return $1; end'; create function f_over(text) returns int language plpgsql volatile as 'begin return 1; end';
create function f_var(variadic int[]) returns int language plpgsql volatile as 'begin return 1; end';
alter function f_reads() set search_path = shop;

create table customer (id bigint generated always as identity primary key, email text not null, name varchar(50), ref int unique, boss bigint references customer on delete set null, st status default 'new', amt money_amt, created timestamptz default now(), bio text, constraint name_ck check (name <> ''), exclude using btree (ref with =));
insert into customer (email, name, ref, boss, bio) select g || '@x', 'n' || g, g, case when g > 1 then 1 end, repeat('x', 10) from generate_series(1, 150) g;
create index customer_email_low on customer (lower(email)); create index customer_name_st on customer (name) include (st) where st = 'new'; create unique index customer_nn on customer (email) nulls not distinct;
create table "Order" (id serial primary key, "Customer Id" bigint not null references customer deferrable initially deferred, total numeric(10, 2) default 0, total_x numeric generated always as (total * 2) stored, note varchar(20) collate "C", st status, placed timestamp, primary_line int, check (total >= 0));
insert into "Order" ("Customer Id", total, note, placed) select 1 + g % 150, g, 'n', now() from generate_series(1, 300) g;
create table line (order_id int references "Order" on delete cascade, no int, qty int check (qty > 0), price numeric(8, 2), total numeric generated always as (price * 2) stored, primary key (order_id, no));
insert into line select g, 1, 1, 2 from generate_series(1, 300) g;
alter table "Order" add constraint order_line_fk foreign key (id, primary_line) references line (order_id, no) deferrable;
create index "Order note" on "Order" (note); create index order_total on "Order" (total) include (st); create index order_placed_brin on "Order" using brin (placed); create index order_expr on "Order" ((total + 1), upper(note));
create view order_v as select o.id, o.total, c.name from "Order" o join customer c on c.id = o."Customer Id"; create view order_vv as select * from order_v where total > 3; create materialized view order_mv as select * from order_vv; create unique index order_mv_id on order_mv (id); create materialized view order_mv2 as select count(*) as n from order_mv;
create function f_ins() returns trigger language plpgsql as 'begin return new; end'; create trigger order_v_ins instead of insert on order_v for each row execute function f_ins();
create trigger cust_tr before insert or update of name on customer for each row execute function f_trig(); create constraint trigger cust_ctr after update on customer deferrable for each row execute function f_trig();
create rule order_rule as on delete to order_vv do instead delete from line where order_id = old.id;
alter table customer enable row level security; create policy cust_pol on customer using (id in (select "Customer Id" from "Order")) with check (email <> '');
create statistics customer_st (dependencies) on name, email from customer; create statistics order_exp on (total + 1) from "Order";
create sequence cust_seq owned by customer.ref; create sequence loose_seq; create unlogged table cache (k text primary key, v jsonb, seq serial); insert into cache select g, '{}' from generate_series(1, 20) g;
create unlogged table cache_kid (k text references cache); insert into cache_kid select k from cache;
create table nothing (id int primary key, a int, b text, c numeric(6, 2), v varchar(10)); create table nothing_ref (id int references nothing);
create table "Other Schema"."Tab le" ("Co l" int primary key, "order" text, "Up" varchar(5) check ("Up" > '')); insert into "Other Schema"."Tab le" select g, 'x', 'u' from generate_series(1, 70) g; create index "I x" on "Other Schema"."Tab le" ("order");
create table arch.customer (id int, x text); insert into arch.customer select g, 'x' from generate_series(1, 20) g;
-- partitions, three levels
create table ev (id bigint not null, tenant int not null, at date not null, kind text not null, data text, customer_id bigint, primary key (id, tenant, at, kind)) partition by list (tenant);
create table ev_1 partition of ev for values in (1) partition by range (at); create table ev_1_23 partition of ev_1 for values from ('2023-01-01') to ('2024-01-01') partition by list (kind);
create table ev_1_23_a partition of ev_1_23 for values in ('a'); create table ev_1_23_b partition of ev_1_23 for values in ('b'); create table ev_1_24 partition of ev_1 for values from ('2024-01-01') to ('2025-01-01'); create table ev_1_def partition of ev_1 default;
create table ev_2 partition of ev for values in (2, 3) partition by hash (id); create table ev_2_0 partition of ev_2 for values with (modulus 2, remainder 0); create table ev_2_1 partition of ev_2 for values with (modulus 2, remainder 1); create table ev_def partition of ev default partition by range (at); create table ev_def_all partition of ev_def for values from (minvalue) to (maxvalue);
insert into ev select g, 1 + g % 4, date '2023-01-01' + g, case when g % 2 = 0 then 'a' else 'b' end, 'd', 1 + g % 150 from generate_series(1, 300) g;
create index ev_data on ev (data); alter table ev add constraint ev_cust foreign key (customer_id) references customer; alter table ev add constraint ev_ck check (data <> 'zz');
create table ev_new (id bigint not null, tenant int not null, at date not null, kind text not null, data text, customer_id bigint, constraint ev_ck check (data <> 'zz')); insert into ev_new select g, 9, '2024-01-01', 'a', 'd', 1 from generate_series(1, 20) g;
create table ev_new_ck (like ev_new including all, check (tenant = 9)); insert into ev_new_ck select * from ev_new; create index ev_new_ck_data on ev_new_ck (data); alter table ev_new_ck add primary key (id, tenant, at, kind); alter table ev_new_ck add constraint some_fk foreign key (customer_id) references customer;
create table ev_ref (id int, e_id bigint, e_tenant int, e_at date, e_kind text, foreign key (e_id, e_tenant, e_at, e_kind) references ev); insert into ev_ref select g, g, 1 + g % 4, date '2023-01-01' + g, case when g % 2 = 0 then 'a' else 'b' end from generate_series(1, 30) g;
create table hsh (id int primary key, v varchar(10), f int) partition by hash (id); create table hsh_0 partition of hsh for values with (modulus 3, remainder 0); create table hsh_1 partition of hsh for values with (modulus 3, remainder 1); create table hsh_2 partition of hsh for values with (modulus 3, remainder 2); insert into hsh select g, 'v' from generate_series(1, 60) g;
create table xpr (a int, b text) partition by range ((a / 10)); create table xpr_0 partition of xpr for values from (0) to (5); create table xpr_1 partition of xpr for values from (5) to (10); create table xpr_d partition of xpr default; insert into xpr select g, 'x' from generate_series(1, 200) g;
create table emptyp (id int, d int) partition by range (id); create table emptyp_1 partition of emptyp for values from (0) to (10); create table emptyp_d partition of emptyp default;
create table nopart (id int, d int) partition by range (id);
-- inheritance, several parents
create table pa (id int, x text, constraint pa_ck check (id > 0)); create table pb (id int, y text); create table pc (z int) inherits (pa, pb); create table pd () inherits (pc); create table pe (w int default 3) inherits (pb); insert into pa select g, 'x' from generate_series(1, 10) g; insert into pc select g, 'x', 'y', 1 from generate_series(1, 15) g; insert into pd select g, 'x', 'y', 1 from generate_series(1, 5) g; insert into pe select g, 'y' from generate_series(1, 6) g;
create index pc_id on pc (id); create table solo (id int, x text); insert into solo select g, 'x' from generate_series(1, 10) g; alter table solo add constraint pa_ck check (id > 0);
-- circular
create table ca (id int primary key, b_id int); create table cb (id int primary key, a_id int references ca); alter table ca add constraint ca_b foreign key (b_id) references cb; insert into ca select g from generate_series(1, 20) g; insert into cb select g, g from generate_series(1, 20) g; update ca set b_id = id;
-- typed, foreign, others
create type point3 as (x int, y int, t text); create table pts of point3 (primary key (x)); insert into pts select g, g, 't' from generate_series(1, 20) g; create table pts2 of point3; create table withpt (id int, p point3, ps point3[]); insert into withpt select 1, row (1, 2, 't')::point3;
analyze; create foreign data wrapper dummy; create server srv foreign data wrapper dummy; create foreign table ft (id int, v text) server srv; create foreign table ft_kid (z int) inherits (solo) server srv;
create table booking (room int, during tsrange, exclude using gist (during with &&)); insert into booking select g, tsrange(timestamp '2024-01-01' + g * interval '1 day', timestamp '2024-01-01' + g * interval '1 day' + interval '1 hour') from generate_series(1, 20) g;
create table narrow (a int, b bigint, c bool); insert into narrow select g, g, true from generate_series(1, 30) g; create index narrow_a_desc on narrow (a desc nulls last); create unique index narrow_ab on narrow (a, b) ; create index narrow_hash on narrow using hash (b);
create table dm (e email, s short, ss shorter, t tags, pt plain_tags, ed email[], i intd); insert into dm values ('a@b', 'a', 'b', '{a}', '{b}', '{c@d}', 1); create table dm_empty (e email, s short);
create table txt (id int primary key, b bytea, j jsonb, x text); insert into txt select g, 'x', '{"a":1}', 'x' from generate_series(1, 30) g; create index txt_j on txt using gin (j); create index txt_x on txt (x collate "POSIX"); create index txt_pat on txt (x text_pattern_ops); alter table txt alter x set storage external;
create table uk (a int not null, b int not null, c int, constraint uk_ab unique (a, b), constraint uk_c unique (c) deferrable); insert into uk select g, g, g from generate_series(1, 40) g; create unique index uk_a on uk (a); create unique index uk_c_part on uk (c) where c > 0; create unique index uk_bc on uk (b, c); create table uk_ref (a int, b int, foreign key (a, b) references uk (a, b)); insert into uk_ref select g, g from generate_series(1, 40) g;
create table ck (id int, a int, b int, constraint ck1 check (a is not null and b > 0), constraint ck2 check (id > 0) not valid, constraint ck3 check (b is not null) no inherit); insert into ck select g, g, g from generate_series(1, 40) g;
create table fks (id int, cid bigint, constraint fk_nv foreign key (cid) references customer not valid); insert into fks select g, 1 from generate_series(1, 25) g;
create publication pb1 for table customer, ev; create publication pb2 for tables in schema arch;
create function m_et() returns event_trigger language plpgsql as $f$ begin end $f$; create event trigger et on ddl_command_end execute function m_et();
