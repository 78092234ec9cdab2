/*-------------------------------------------------------------------------
 *
 * snapshot_rows.c
 *	  The rows of snapshots, and what differs between two of them.
 *
 * Pure: no catalogs, no locks, any transaction state.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "compat.h"
#include "snapshot.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

static const char *const component_names[MIG_NCOMPONENTS] = {
	"columns", "comment", "default", "definition", "label", "owner", "position",
	"privileges", "storage", "text", "version"
};

/*
 * mig_snapshot_new
 *		A snapshot without any rows, in the current memory context.
 */
MigSnapshot *
mig_snapshot_new(int without)
{
	MigSnapshot *snapshot = palloc0(sizeof(MigSnapshot));

	snapshot->without = without;
	snapshot->context = CurrentMemoryContext;
	return snapshot;
}

/*
 * mig_snapshot_add
 *		A new row; the strings must live as long as the snapshot.  After the
 *		last one mig_snapshot_sort() is due.
 */
MigSnapshotRow *
mig_snapshot_add(MigSnapshot *snapshot, const char *kind, const char *identity,
				 MigComponent component)
{
	MigSnapshotRow *row;

	if (snapshot->nrows == snapshot->allocated)
	{
		Size		n = snapshot->allocated > 0 ? (Size) snapshot->allocated * 2 : 256;

		if (n > PG_INT32_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("the database has too many objects for a snapshot")));
		if (snapshot->rows == NULL)
			snapshot->rows = MemoryContextAllocHuge(snapshot->context,
													n * sizeof(MigSnapshotRow));
		else
			snapshot->rows = repalloc_huge(snapshot->rows, n * sizeof(MigSnapshotRow));
		snapshot->allocated = (int) n;
	}
	row = &snapshot->rows[snapshot->nrows++];
	memset(row, 0, sizeof(MigSnapshotRow));
	row->kind = kind;
	row->identity = identity;
	row->component = component;
	return row;
}

/* The hash of a text does not depend on the database's encoding. */
static void
hash_text(pg_cryptohash_ctx *hash, MigSnapshotRow *row, const char *text)
{
	int			len = strlen(text);
	char	   *utf8 = pg_server_to_any(text, len, PG_UTF8);
	uint8		digest[MIG_HASH_LENGTH];

	if (pg_cryptohash_init(hash) < 0)
		elog(ERROR, "could not initialize SHA-256");
	mig_hash_update(hash, utf8, utf8 != text ? strlen(utf8) : len);
	if (pg_cryptohash_final(hash, digest, MIG_HASH_LENGTH) < 0)
		elog(ERROR, "could not finish SHA-256: %s", pg_cryptohash_error(hash));
	memcpy(row->hash, digest, MIG_SNAPSHOT_HASH);
}

#define SHORT 64

typedef struct KnownText
{
	char	   *text;			/* hash key */
	uint8		hash[MIG_SNAPSHOT_HASH];
} KnownText;

/*
 * mig_snapshot_begin
 *		Begin to take a snapshot, in the current memory context.
 */
void
mig_snapshot_begin(MigTaking *taking, MigSnapshot *snapshot)
{
	memset(taking, 0, sizeof(MigTaking));
	taking->snapshot = snapshot;
	taking->scratch = AllocSetContextCreate(CurrentMemoryContext, "migrate snapshot scratch",
											ALLOCSET_DEFAULT_SIZES);
	taking->hash = mig_hash_begin();
	taking->texts = mig_string_table("migrate snapshot texts", sizeof(KnownText), 256);
}

/*
 * mig_snapshot_end
 *		What it took is not needed any more.
 */
void
mig_snapshot_end(MigTaking *taking)
{
	pg_cryptohash_free(taking->hash);
	hash_destroy(taking->texts);
	MemoryContextDelete(taking->scratch);
}

/* Give a row its text and hash. */
static void
set_text(MigTaking *taking, MigSnapshotRow *row, const char *text)
{
	KnownText  *known;
	bool		found;

	if (strlen(text) >= SHORT)
	{
		row->definition = MemoryContextStrdup(taking->snapshot->context, text);
		hash_text(taking->hash, row, text);
		return;
	}
	known = hash_search(taking->texts, &text, HASH_ENTER, &found);
	if (!found)
	{
		known->text = MemoryContextStrdup(taking->snapshot->context, text);
		hash_text(taking->hash, row, text);
		memcpy(known->hash, row->hash, MIG_SNAPSHOT_HASH);
	}
	row->definition = known->text;
	memcpy(row->hash, known->hash, MIG_SNAPSHOT_HASH);
}

/*
 * mig_snapshot_wants
 *		Is a component not to be left out?
 */
bool
mig_snapshot_wants(const MigTaking *taking, MigComponent component)
{
	return (taking->snapshot->without & MIG_COMPONENT_BIT(component)) == 0;
}

/*
 * mig_snapshot_put
 *		A row of the database at hand, if it is wanted.  The text is copied;
 *		kind and identity must live as long as the snapshot.
 */
void
mig_snapshot_put(MigTaking *taking, const char *kind, const char *identity,
				 MigComponent component, const char *text)
{
	MigSnapshotRow *row;

	if (!mig_snapshot_wants(taking, component))
		return;
	row = mig_snapshot_add(taking->snapshot, kind, identity, component);
	set_text(taking, row, text);
	if (component == MIG_POSITION)
		mig_snapshot_set_place(row, atoi(text));
	if (component == MIG_TEXT)
		row->major = mig_server_version() / 10000;
}

static int
compare_objects(const MigSnapshotRow *a, const MigSnapshotRow *b)
{
	int			order = a->kind == b->kind ? 0 : strcmp(a->kind, b->kind);

	return order != 0 ? order : strcmp(a->identity, b->identity);
}

static int
compare_rows(const void *a, const void *b)
{
	const MigSnapshotRow *x = (const MigSnapshotRow *) a;
	const MigSnapshotRow *y = (const MigSnapshotRow *) b;
	int			order = compare_objects(x, y);

	return order != 0 ? order : (int) x->component - (int) y->component;
}

/* More kinds than these there are only in what is no snapshot. */
#define MAX_KINDS 64

/*
 * What the order of a row is mostly decided by: the place of its kind among
 * them in one byte, and the next ones of its identity, after what all have.
 */
typedef struct RowKey
{
	uint64		head;
	int			row;
} RowKey;

static int
compare_keys(const RowKey *a, const RowKey *b, const MigSnapshotRow *rows)
{
	if (a->head != b->head)
		return a->head < b->head ? -1 : 1;
	if (rows[a->row].identity != rows[b->row].identity)
	{
		int			order = strcmp(rows[a->row].identity, rows[b->row].identity);

		if (order != 0)
			return order;
	}
	return (int) rows[a->row].component - (int) rows[b->row].component;
}

#define ST_SORT sort_keys
#define ST_ELEMENT_TYPE RowKey
#define ST_COMPARE(a, b, rows) compare_keys(a, b, rows)
#define ST_COMPARE_ARG_TYPE const MigSnapshotRow
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

typedef struct Kind
{
	const char *name;
	const char *identity;		/* one of it, and how much of that all share */
	int			common;
} Kind;

static int
compare_kinds(const void *a, const void *b)
{
	return strcmp(((const Kind *) a)->name, ((const Kind *) b)->name);
}

/* Which of some kinds it is; -1: none. */
static int
find_kind(const Kind *kinds, int n, int last, const char *name)
{
	int			i;

	if (last >= 0 && (kinds[last].name == name || strcmp(kinds[last].name, name) == 0))
		return last;
	for (i = 0; i < n; i++)
	{
		if (strcmp(kinds[i].name, name) == 0)
			return i;
	}
	return -1;
}

/* The kinds of the rows, in order; false if there are too many. */
static bool
find_kinds(const MigSnapshot *snapshot, Kind *kinds, int *nkinds)
{
	int			n = 0;
	int			last = -1;
	int			i;

	for (i = 0; i < snapshot->nrows; i++)
	{
		const MigSnapshotRow *row = &snapshot->rows[i];
		Kind	   *kind;
		int			same = 0;

		last = find_kind(kinds, n, last, row->kind);
		if (last < 0)
		{
			if (n == MAX_KINDS)
				return false;
			last = n++;
			kinds[last].name = row->kind;
			kinds[last].identity = row->identity;
			kinds[last].common = strlen(row->identity);
		}
		kind = &kinds[last];
		while (same < kind->common && kind->identity[same] == row->identity[same])
			same++;
		kind->common = same;
	}
	qsort(kinds, n, sizeof(Kind), compare_kinds);
	*nkinds = n;
	return true;
}

static uint64
head_of(int kind, const char *p)
{
	uint64		head = kind;
	int			i;

	for (i = 1; i < (int) sizeof(head); i++)
	{
		head = head << 8 | (unsigned char) *p;
		if (*p)
			p++;
	}
	return head;
}

/*
 * mig_snapshot_row_cmp
 *		Which of two rows comes first: less than, equal to or greater than 0.
 */
int
mig_snapshot_row_cmp(const MigSnapshotRow *a, const MigSnapshotRow *b)
{
	return compare_rows(a, b);
}

/* Put each row where its key is; a key is of the row in its place then. */
static void
move_rows(MigSnapshotRow *rows, RowKey *keys, int n)
{
	int			i;

	for (i = 0; i < n; i++)
	{
		MigSnapshotRow first = rows[i];
		int			to = i;
		int			from;

		while ((from = keys[to].row) != i)
		{
			rows[to] = rows[from];
			keys[to].row = to;
			to = from;
		}
		rows[to] = first;
		keys[to].row = to;
	}
}

/*
 * mig_snapshot_sort
 *		Bring the rows into their order.
 */
void
mig_snapshot_sort(MigSnapshot *snapshot)
{
	Kind		kinds[MAX_KINDS];
	int			nkinds;
	int			n = snapshot->nrows;
	int			last = -1;
	RowKey	   *keys;
	int			i;

	if (n < 2)
		return;
	if (!find_kinds(snapshot, kinds, &nkinds))
	{
		qsort(snapshot->rows, n, sizeof(MigSnapshotRow), compare_rows);
		return;
	}
	keys = MemoryContextAllocHuge(snapshot->context, sizeof(RowKey) * n);
	for (i = 0; i < n; i++)
	{
		const MigSnapshotRow *row = &snapshot->rows[i];

		last = find_kind(kinds, nkinds, last, row->kind);
		keys[i].head = head_of(last, row->identity + kinds[last].common);
		keys[i].row = i;
	}
	sort_keys(keys, n, snapshot->rows);
	move_rows(snapshot->rows, keys, n);
	pfree(keys);
}

/*
 * mig_component_name, mig_component_of
 *		A component's name; false if a name is none's.
 */
const char *
mig_component_name(MigComponent component)
{
	return component_names[component];
}

bool
mig_component_of(const char *name, MigComponent *component)
{
	int			i;

	for (i = 0; i < MIG_NCOMPONENTS; i++)
	{
		if (strcmp(name, component_names[i]) == 0)
		{
			*component = (MigComponent) i;
			return true;
		}
	}
	return false;
}

/*
 * mig_change_name
 *		What a difference is called.
 */
const char *
mig_change_name(MigChange change)
{
	switch (change)
	{
		case MIG_ADDED:
			return "added";
		case MIG_DROPPED:
			return "dropped";
		case MIG_CHANGED:
			return "changed";
		default:
			return "not comparable";
	}
}

/*
 * mig_snapshot_hash_text, mig_snapshot_set_hash
 *		A row's hash in hexadecimal, after the major version whose wording it
 *		is of, if it is that; false if a text is none.
 */
char *
mig_snapshot_hash_text(const MigSnapshotRow *row)
{
	char		hex[MIG_SNAPSHOT_HASH * 2 + 1];

	hex[hex_encode((const char *) row->hash, MIG_SNAPSHOT_HASH, hex)] = '\0';
	return row->major != 0 ? psprintf("%d:%s", row->major, hex) : pstrdup(hex);
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
mig_snapshot_set_hash(MigSnapshotRow *row, const char *text)
{
	const char *colon = strchr(text, ':');
	int			i;

	row->major = 0;
	if (colon != NULL)
	{
		const char *p;

		for (p = text; p < colon; p++)
		{
			if (*p < '0' || *p > '9' || p - text >= 3)
				return false;
			row->major = row->major * 10 + (*p - '0');
		}
		if (row->major == 0)
			return false;
		text = colon + 1;
	}
	if (strlen(text) != MIG_SNAPSHOT_HASH * 2)
		return false;
	for (i = 0; i < MIG_SNAPSHOT_HASH; i++)
	{
		int			high = hex_digit(text[i * 2]);
		int			low = hex_digit(text[i * 2 + 1]);

		if (high < 0 || low < 0)
			return false;
		row->hash[i] = (uint8) (high << 4 | low);
	}
	return true;
}

/* A comparison being made. */
typedef struct Comparison
{
	MigDifference *found;
	int			n;
	int			allocated;
	int			without;
	bool		two_versions;	/* of PostgreSQL */
	/* columns that both sides have, of the relation being looked at */
	int			first;			/* their differences, which may be none, */
	const char *relation;		/* its name and a dot ... */
	int			relation_len;	/* ... which are so long */
} Comparison;

static MigDifference *
found(Comparison *comparison, MigChange change, const MigSnapshotRow *before,
	  const MigSnapshotRow *after)
{
	MigDifference *difference;

	if (comparison->n == comparison->allocated)
	{
		comparison->allocated *= 2;
		comparison->found = repalloc_huge(comparison->found,
										  comparison->allocated * sizeof(MigDifference));
	}
	difference = &comparison->found[comparison->n++];
	difference->change = change;
	difference->before = before;
	difference->after = after;
	difference->part_of = NULL;
	return difference;
}

/* Where an identifier that begins here ends. */
static const char *
skip_identifier(const char *p)
{
	if (*p != '"')
		return p + strcspn(p, ".(, ");
	for (p++; *p; p++)
	{
		if (*p == '"')
		{
			if (p[1] != '"')
				return p + 1;
			p++;
		}
	}
	return p;
}

/* Where the last name of a qualified one begins. */
static const char *
last_name(const char *identity)
{
	const char *p = identity;

	while (true)
	{
		const char *end = skip_identifier(p);

		if (*end != '.')
			return p;
		p = end + 1;
	}
}

/*
 * mig_qualified_name
 *		The name, with or without a schema, that a text begins with.  palloc'd.
 */
char *
mig_qualified_name(const char *p)
{
	const char *end = skip_identifier(p);

	while (*end == '.')
		end = skip_identifier(end + 1);
	return pnstrdup(p, end - p);
}

typedef struct Place
{
	int			before;
	int			after;
	int			index;			/* of the column */
	int			previous;		/* in the longest ascent that ends here, or -1 */
} Place;

static int
compare_places(const void *a, const void *b)
{
	const Place *x = (const Place *) a;
	const Place *y = (const Place *) b;

	return x->before < y->before ? -1 : x->before > y->before ? 1 : 0;
}

/* A column's number, which is its position's hash. */
static int
place_of(const MigSnapshotRow *row)
{
	return (row->hash[MIG_SNAPSHOT_HASH - 2] << 8) + row->hash[MIG_SNAPSHOT_HASH - 1];
}

/*
 * mig_snapshot_set_place
 *		Give the position of a column its hash.
 */
void
mig_snapshot_set_place(MigSnapshotRow *row, int place)
{
	memset(row->hash, 0, MIG_SNAPSHOT_HASH);
	row->hash[MIG_SNAPSHOT_HASH - 2] = (uint8) (place >> 8);
	row->hash[MIG_SNAPSHOT_HASH - 1] = (uint8) place;
}

/*
 * Of the columns that are on both sides some may have another number just
 * because others came or went.  What has moved is what is not in a longest
 * series that kept its order.
 */
static void
settle_places(Comparison *comparison)
{
	int			n = comparison->n - comparison->first;
	Place	   *places;
	int		   *ends;			/* by length, the lowest end of an ascent */
	bool	   *kept;			/* by index */
	int			longest = 0;
	int			moved = comparison->first;
	int			i;

	if (n < 2)
	{
		comparison->n = comparison->first;
		return;
	}
	places = palloc(sizeof(Place) * n);
	ends = palloc(sizeof(int) * n);
	kept = palloc0(sizeof(bool) * n);
	for (i = 0; i < n; i++)
	{
		places[i].before = place_of(comparison->found[comparison->first + i].before);
		places[i].after = place_of(comparison->found[comparison->first + i].after);
		places[i].index = i;
	}
	qsort(places, n, sizeof(Place), compare_places);
	for (i = 0; i < n; i++)
	{
		int			low = 0;
		int			high = longest;

		while (low < high)
		{
			int			middle = (low + high) / 2;

			if (places[ends[middle]].after < places[i].after)
				low = middle + 1;
			else
				high = middle;
		}
		places[i].previous = low > 0 ? ends[low - 1] : -1;
		ends[low] = i;
		if (low == longest)
			longest++;
	}
	for (i = ends[longest - 1]; i >= 0; i = places[i].previous)
		kept[places[i].index] = true;
	for (i = 0; i < n; i++)
	{
		if (!kept[i])
			comparison->found[moved++] = comparison->found[comparison->first + i];
	}
	comparison->n = moved;
	pfree(kept);
	pfree(places);
	pfree(ends);
}

static bool
is_left_out(const Comparison *comparison, const MigSnapshotRow *row)
{
	return (comparison->without & MIG_COMPONENT_BIT(row->component)) != 0;
}

static void
one_sided(Comparison *comparison, MigChange change, const MigSnapshotRow *before,
		  const MigSnapshotRow *after)
{
	const MigSnapshotRow *row = before ? before : after;

	/* what one version words, another may not have to say at all */
	if (change == MIG_CHANGED && row->major != 0 && comparison->two_versions)
		change = MIG_NOT_COMPARABLE;
	if (row->component != MIG_POSITION && !is_left_out(comparison, row))
		(void) found(comparison, change, before, after);
}

/* What has no definition of its own is there anyway. */
static bool
has_definition(const MigSnapshotRow *rows, int n)
{
	int			i;

	for (i = 0; i < n; i++)
	{
		if (rows[i].component == MIG_DEFINITION)
			return true;
	}
	return false;
}

static bool
is_equal(const MigSnapshotRow *a, const MigSnapshotRow *b)
{
	return memcmp(a->hash, b->hash, MIG_SNAPSHOT_HASH) == 0;
}

/* The rows of an object that both sides have. */
static void
compare_object(Comparison *comparison, const MigSnapshotRow *a, int na,
			   const MigSnapshotRow *b, int nb)
{
	int			i = 0;
	int			j = 0;

	while (i < na || j < nb)
	{
		int			order = i == na ? 1 : j == nb ? -1 :
			(int) a[i].component - (int) b[j].component;

		if (order < 0)
			one_sided(comparison, MIG_CHANGED, &a[i++], NULL);
		else if (order > 0)
			one_sided(comparison, MIG_CHANGED, NULL, &b[j++]);
		else
		{
			if (is_left_out(comparison, &a[i]) || a[i].component == MIG_POSITION)
				 /* not here */ ;
			else if (a[i].major != b[j].major)
				(void) found(comparison, MIG_NOT_COMPARABLE, &a[i], &b[j]);
			else if (!is_equal(&a[i], &b[j]))
				(void) found(comparison, MIG_CHANGED, &a[i], &b[j]);
			i++;
			j++;
		}
	}
}

static const MigSnapshotRow *
position_row(const MigSnapshotRow *rows, int n)
{
	int			i;

	for (i = 0; i < n; i++)
	{
		if (rows[i].component == MIG_POSITION)
			return &rows[i];
	}
	return NULL;
}

/* Of a column that both sides have, its place is looked at with the others. */
static void
compare_place(Comparison *comparison, Comparison *places, const MigSnapshotRow *a,
			  const MigSnapshotRow *b)
{
	if (a == NULL || b == NULL || is_left_out(comparison, a))
		return;
	if (places->relation == NULL ||
		strncmp(places->relation, a->identity, places->relation_len) != 0)
	{
		settle_places(places);
		places->first = places->n;
		places->relation = a->identity;
		places->relation_len = last_name(a->identity) - a->identity;
	}
	(void) found(places, MIG_CHANGED, a, b);
}

static int
rows_of_object(const MigSnapshot *snapshot, int first)
{
	int			i = first + 1;

	while (i < snapshot->nrows &&
		   compare_objects(&snapshot->rows[first], &snapshot->rows[i]) == 0)
		i++;
	return i - first;
}

/*
 * mig_snapshot_whole
 *		The identity of the relation, or type, that an object is a part of;
 *		NULL if it is none's, or if the row does not tell.  palloc'd.
 */
char *
mig_snapshot_whole(const MigSnapshotRow *row)
{
	const char *p;

	if (row->whole != NULL)
		return pstrdup(row->whole);
	if (strcmp(row->kind, "column") == 0)
	{
		p = last_name(row->identity);
		return p > row->identity ? pnstrdup(row->identity, p - row->identity - 1) : NULL;
	}
	if (strcmp(row->kind, "constraint") == 0 || strcmp(row->kind, "trigger") == 0 ||
		strcmp(row->kind, "policy") == 0 || strcmp(row->kind, "rule") == 0)
	{
		p = skip_identifier(row->identity);
		return strncmp(p, " on ", 4) == 0 ? pstrdup(p + 4) : NULL;
	}
	if (strcmp(row->kind, "publication table") == 0)
		return mig_qualified_name(row->identity);
	if (row->definition == NULL || row->component != MIG_DEFINITION)
		return NULL;
	if (strcmp(row->kind, "index") == 0)
	{
		if (strncmp(row->definition, "ON ", 3) == 0)
			return mig_qualified_name(row->definition + 3);
		p = strstr(row->definition, " INDEX ");
		if (p == NULL || p - row->definition > (int) strlen("CREATE UNIQUE"))
			return NULL;
		p = skip_identifier(p + strlen(" INDEX "));
		if (strncmp(p, " ON ", 4) != 0)
			return NULL;
		p += 4;
		return mig_qualified_name(strncmp(p, "ONLY ", 5) == 0 ? p + 5 : p);
	}
	if (strcmp(row->kind, "sequence") == 0)
	{
		p = strstr(row->definition, " OWNED BY ");
		if (p == NULL)
			return NULL;
		p += strlen(" OWNED BY ");
		return pnstrdup(p, Max(last_name(p) - p - 1, 0));
	}
	return NULL;
}

/*
 * mig_snapshot_part_name
 *		The own name of an object that is named with what it is a part of.
 *		palloc'd, without its quotes.
 */
char *
mig_snapshot_part_name(const MigSnapshotRow *row)
{
	const char *p = strcmp(row->kind, "column") == 0 ? last_name(row->identity) : row->identity;
	int			len = skip_identifier(p) - p;

	return *p == '"' ? pnstrdup(p + 1, Max(len - 2, 0)) : pnstrdup(p, len);
}

static bool
may_have_parts(const MigSnapshotRow *row)
{
	return strcmp(row->kind, "table") == 0 || strcmp(row->kind, "view") == 0 ||
		strcmp(row->kind, "materialized view") == 0 ||
		strcmp(row->kind, "foreign table") == 0 ||
		strcmp(row->kind, "type") == 0 || strcmp(row->kind, "domain") == 0;
}

/*
 * What in no schema an object is a part of, by its kind and identity, which no
 * name with a schema is like.
 */
static char *
holder_of(const MigSnapshotRow *row)
{
	static const struct
	{
		const char *kind;
		const char *words;
		const char *holder;
	}			holders[] = {
		{"publication table", " in publication ", "publication"},
		{"publication schema", " in publication ", "publication"},
		{"user mapping", " on server ", "server"},
		{"transform", " on language ", "language"}
	};
	int			i;

	for (i = 0; i < lengthof(holders); i++)
	{
		const char *p = row->identity;
		int			len = strlen(holders[i].words);

		if (strcmp(row->kind, holders[i].kind) != 0)
			continue;
		while (*p && strncmp(p, holders[i].words, len) != 0)
			p = *p == '"' ? skip_identifier(p) : p + 1;
		return *p ? psprintf("%s %s", holders[i].holder, p + len) : NULL;
	}
	return NULL;
}

static bool
is_holder(const MigSnapshotRow *row)
{
	return strcmp(row->kind, "publication") == 0 || strcmp(row->kind, "server") == 0 ||
		strcmp(row->kind, "language") == 0;
}

static const MigSnapshotRow *
row_of(const MigDifference *difference)
{
	return difference->before ? difference->before : difference->after;
}

/* What came or went, and may have parts. */
typedef struct Whole
{
	const char *key;			/* its identity, or what holder_of() has */
	const char *identity;
	bool		added;
	bool		dropped;
} Whole;

static const char *
find_whole(HTAB *wholes, char *key, MigChange change)
{
	const Whole *whole = key ? hash_search(wholes, &key, HASH_FIND, NULL) : NULL;

	return whole && (change == MIG_ADDED ? whole->added : whole->dropped) ? whole->identity : NULL;
}

/* Of what kept its name while what it is a part of got another. */
static const char *
renamed_whole(HTAB *wholes, const MigDifference *difference)
{
	const MigSnapshotRow *before = difference->before;
	const MigSnapshotRow *after = difference->after;

	if (before == NULL || after == NULL || after->component != MIG_DEFINITION ||
		(strcmp(after->kind, "index") != 0 && strcmp(after->kind, "sequence") != 0) ||
		find_whole(wholes, mig_snapshot_whole(before), MIG_DROPPED) == NULL)
		return NULL;
	return find_whole(wholes, mig_snapshot_whole(after), MIG_ADDED);
}

/* Which objects came or went as parts of others that did. */
static void
find_parts(Comparison *comparison)
{
	HTAB	   *wholes = mig_string_table("migrate wholes", sizeof(Whole), 64);
	const char *part_of = NULL;
	int			i;

	for (i = 0; i < comparison->n; i++)
	{
		const MigDifference *difference = &comparison->found[i];
		const MigSnapshotRow *row = row_of(difference);
		bool		holder = is_holder(row);
		const char *key = row->identity;
		Whole	   *whole;
		bool		known;

		if ((difference->change != MIG_ADDED && difference->change != MIG_DROPPED) ||
			!(holder || may_have_parts(row)))
			continue;
		if (holder)
			key = psprintf("%s %s", row->kind, row->identity);
		whole = hash_search(wholes, &key, HASH_ENTER, &known);
		if (!known)
		{
			whole->identity = row->identity;
			whole->added = whole->dropped = false;
		}
		if (difference->change == MIG_ADDED)
			whole->added = true;
		else
			whole->dropped = true;
	}
	for (i = 0; i < comparison->n && hash_get_num_entries(wholes) > 0; i++)
	{
		MigDifference *difference = &comparison->found[i];
		const MigSnapshotRow *row = row_of(difference);
		bool		same = i > 0 && difference->change == difference[-1].change &&
			compare_objects(row, row_of(&difference[-1])) == 0;
		int			j;

		if (difference->change != MIG_ADDED && difference->change != MIG_DROPPED)
		{
			difference->part_of = renamed_whole(wholes, difference);
			continue;
		}
		if (!same)
			part_of = NULL;
		if (part_of == NULL)
		{
			part_of = find_whole(wholes, mig_snapshot_whole(row), difference->change);
			if (part_of == NULL)
				part_of = find_whole(wholes, holder_of(row), difference->change);
			/* what tells may not be an object's first row */
			for (j = i - 1; part_of && j >= 0 &&
				 compare_objects(row, row_of(&comparison->found[j])) == 0; j--)
				comparison->found[j].part_of = part_of;
		}
		difference->part_of = part_of;
	}
	hash_destroy(wholes);
}

static int
compare_differences(const void *a, const void *b)
{
	return compare_rows(row_of((const MigDifference *) a), row_of((const MigDifference *) b));
}

/* The major version of a snapshot's server; 0 if nothing in it tells. */
static int
major_of(const MigSnapshot *snapshot)
{
	int			i;

	if (snapshot->major != 0)
		return snapshot->major;
	for (i = 0; i < snapshot->nrows; i++)
	{
		if (snapshot->rows[i].major != 0)
			return snapshot->rows[i].major;
	}
	return 0;
}

/*
 * mig_snapshot_compare
 *		What differs, in the order of the rows, which it points to; palloc'd.
 *		Components that one of them was taken without are not compared.
 */
MigDifference *
mig_snapshot_compare(const MigSnapshot *before, const MigSnapshot *after, int *n)
{
	Comparison	comparison = {.allocated = 64,.without = before->without | after->without};
	Comparison	places = {.allocated = 64};
	int			i = 0;
	int			j = 0;
	int			k;

	comparison.two_versions = major_of(before) != 0 && major_of(after) != 0 &&
		major_of(before) != major_of(after);
	comparison.found = palloc(sizeof(MigDifference) * comparison.allocated);
	places.found = palloc(sizeof(MigDifference) * places.allocated);
	while (i < before->nrows || j < after->nrows)
	{
		int			order = i == before->nrows ? 1 : j == after->nrows ? -1 :
			compare_objects(&before->rows[i], &after->rows[j]);
		int			na = order <= 0 ? rows_of_object(before, i) : 0;
		int			nb = order >= 0 ? rows_of_object(after, j) : 0;

		CHECK_FOR_INTERRUPTS();
		if (order < 0)
		{
			MigChange	change = has_definition(&before->rows[i], na) ? MIG_DROPPED : MIG_CHANGED;

			for (k = 0; k < na; k++)
				one_sided(&comparison, change, &before->rows[i + k], NULL);
		}
		else if (order > 0)
		{
			MigChange	change = has_definition(&after->rows[j], nb) ? MIG_ADDED : MIG_CHANGED;

			for (k = 0; k < nb; k++)
				one_sided(&comparison, change, NULL, &after->rows[j + k]);
		}
		else
		{
			compare_object(&comparison, &before->rows[i], na, &after->rows[j], nb);
			compare_place(&comparison, &places, position_row(&before->rows[i], na),
						  position_row(&after->rows[j], nb));
		}
		i += na;
		j += nb;
	}
	settle_places(&places);
	if (places.n > 0)
	{
		for (k = 0; k < places.n; k++)
			(void) found(&comparison, MIG_CHANGED, places.found[k].before,
						 places.found[k].after);
		qsort(comparison.found, comparison.n, sizeof(MigDifference), compare_differences);
	}
	pfree(places.found);
	find_parts(&comparison);
	*n = comparison.n;
	return comparison.found;
}
