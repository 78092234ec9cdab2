/*-------------------------------------------------------------------------
 *
 * match.c
 *	  Which rows of another tool's history are about which of the registered
 *	  migrations, and do the tool's checksums fit their texts?
 *
 * Reads the history and our tables, changes nothing.  In a run that is no dry
 * one the migrations whose texts are looked at stay locked, so that nobody
 * replaces them until the transaction ends.  One hash makes it linear.
 *
 *-------------------------------------------------------------------------
 */
#include "adopt.h"

#include <ctype.h>

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define NOT_THERE	(-1)
#define AMBIGUOUS	(-2)

/* A name under which a migration may be found. */
typedef struct Named
{
	const char *name;
	int			item;
} Named;

static HTAB *
new_index(int size)
{
	return mig_string_table("migrations by their names", sizeof(Named), size);
}

static int
lookup(HTAB *index, const char *name)
{
	Named	   *named = hash_search(index, &name, HASH_FIND, NULL);

	return named ? named->item : NOT_THERE;
}

static void
enter(HTAB *index, const char *name, int item)
{
	bool		found;
	Named	   *named = hash_search(index, &name, HASH_ENTER, &found);

	if (!found)
		named->item = item;
	else if (named->item != item)
		named->item = AMBIGUOUS;
}

/* A version key as a name. */
static char *
key_name(const bytea *key)
{
	size_t		len = VARSIZE_ANY_EXHDR(key);
	char	   *name = palloc(len * 2 + 2);

	name[0] = 'k';
	name[1 + hex_encode(VARDATA_ANY(key), len, name + 1)] = '\0';
	return name;
}

/* Could this be a version?  What a stranger's table holds need not be. */
static bool
is_usable(const char *version)
{
	size_t		len = strlen(version);
	const char *p;

	if (len == 0 || len > 512 || version[0] == ' ' || version[len - 1] == ' ' ||
		strlen(pg_server_to_any(version, len, PG_UTF8)) > 512)
		return false;
	for (p = version; *p; p++)
	{
		if ((unsigned char) *p < ' ' || *p == 0x7f)
			return false;
	}
	return true;
}

static int
find_version(const MigAdoption *adoption, char kind, const char *version)
{
	return is_usable(version) ?
		lookup(adoption->index, key_name(mig_version_key(kind, version))) : NOT_THERE;
}

/*
 * mig_match_has_version
 *		Is there a versioned migration of this version?
 */
bool
mig_match_has_version(const MigAdoption *adoption, const char *version)
{
	return find_version(adoption, MIG_KIND_VERSIONED, version) != NOT_THERE;
}

static const char *
base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return path == NULL ? "" : slash ? slash + 1 : path;
}

/* A file's name without what tells its language and direction. */
static char *
stem(const char *base)
{
	static const char *const endings[] = {
		".sql", ".js", ".ts", ".cjs", ".mjs", ".cts", ".mts", ".py", ".rb", ".php", ".go",
		".java", ".cs", ".up"
	};
	char	   *result = pstrdup(base);
	int			i;

	for (i = 0; i < lengthof(endings); i++)
	{
		size_t		len = strlen(result);
		size_t		ending = strlen(endings[i]);

		if (len > ending && strcmp(result + len - ending, endings[i]) == 0)
			result[len - ending] = '\0';
	}
	return result;
}

static void
index_item(HTAB *index, const MigEntry *entry, int i)
{
	enter(index, key_name(entry->key), i);
	if (entry->kind != MIG_KIND_VERSIONED)
		return;
	enter(index, psprintf("l%s", entry->version), i);
	enter(index, psprintf("l%s", mig_label(entry->version, entry->name)), i);
	if (entry->up.path != NULL)
	{
		enter(index, psprintf("f%s", base_name(entry->up.path)), i);
		enter(index, psprintf("l%s", stem(base_name(entry->up.path))), i);
	}
}

static int
find_file(const MigAdoption *adoption, const char *file)
{
	const char *base = base_name(file);
	size_t		digits = strspn(base, "0123456789");
	int			i = lookup(adoption->index, psprintf("f%s", base));

	if (i == NOT_THERE)
		i = lookup(adoption->index, psprintf("l%s", stem(base)));
	if (i == NOT_THERE && digits > 0 && (base[digits] == '_' || base[digits] == '-'))
		i = find_version(adoption, MIG_KIND_VERSIONED, pnstrdup(base, digits));
	return i;
}

/* Which of the items is a row about? */
static int
find_item(const MigAdoption *adoption, const MigToolRow *row)
{
	ListCell   *lc;
	int			i = NOT_THERE;

	if (row->repeatable)
		return find_version(adoption, MIG_KIND_REPEATABLE, row->identity);
	if (row->kind == MIG_ROW_BASELINE_SCRIPT)
		return find_version(adoption, MIG_KIND_BASELINE, row->identity);
	foreach(lc, row->versions)
	{
		i = find_version(adoption, MIG_KIND_VERSIONED, (char *) lfirst(lc));
		if (i < 0 && adoption->tool->any_kind)
			i = find_version(adoption, MIG_KIND_REPEATABLE, (char *) lfirst(lc));
		if (i >= 0)
			return i;
	}
	if (adoption->tool->checkpoints)
		return find_version(adoption, MIG_KIND_BASELINE, row->identity);
	return row->file ? find_file(adoption, row->file) : i;
}

/*
 * Rows to which nothing belongs.
 */

/*
 * mig_row_name
 *		What to call a row's migration: its version and name.
 */
void
mig_row_name(const MigToolRow *row, char **version, char **name)
{
	char	   *base = stem(base_name(row->file));
	size_t		digits = strspn(base, "0123456789");

	*name = NULL;
	if (row->repeatable)
		*version = row->identity;
	else if (row->versions != NIL)
		*version = linitial(row->versions);
	else if (row->file && digits > 0 && (base[digits] == '_' || base[digits] == '-'))
	{
		*version = pnstrdup(base, digits);
		*name = pstrdup(base + digits + 1);
	}
	else if (row->file)
		*version = base;
	else
		*version = row->identity;
	if (row->name && row->name[0])
		*name = row->name;
	else if (row->versions != NIL || *name == NULL)
		*name = *version;
}

static bool
is_plain(const char *text)
{
	for (; *text; text++)
	{
		if ((unsigned char) *text < ' ' || *text == 0x7f)
			return false;
	}
	return true;
}

/*
 * Where a version belongs that is not registered: by its number, or where
 * that says nothing before all others, so that these are not out of order.
 */
static bytea *
stray_order(const MigAdoption *adoption, const MigEntry *entry)
{
	int			i;

	if (entry->kind == MIG_KIND_REPEATABLE)
		return entry->key;
	if (!isdigit((unsigned char) entry->version[0]))
		return mig_order_key(entry->kind, 1, entry->key);
	for (i = 0; i < adoption->nitems; i++)
	{
		if (adoption->items[i].entry->placed)
			return mig_order_key(entry->kind, 1, entry->key);
		if (adoption->items[i].entry->kind == MIG_KIND_VERSIONED)
			break;
	}
	return entry->key;
}

/* Note a row that has no migration here. */
static void
add_stray(MigAdoption *adoption, const MigToolRow *row, const char *problem, bool fatal)
{
	MigStray   *stray = palloc0(sizeof(MigStray));
	char	   *version;
	char	   *name;

	stray->row = row;
	stray->problem = pstrdup(problem);
	stray->fatal = fatal;
	mig_row_name(row, &version, &name);
	if (!fatal && !adoption->tool->by_hash && is_usable(version) &&
		strchr("+-", version[0]) == NULL && strcmp(version, "base") != 0 &&
		find_version(adoption, row->repeatable ? MIG_KIND_REPEATABLE : MIG_KIND_VERSIONED,
					 version) == NOT_THERE)
	{
		MigEntry   *entry = palloc0(sizeof(MigEntry));
		char	   *key;

		entry->kind = row->repeatable ? MIG_KIND_REPEATABLE : MIG_KIND_VERSIONED;
		entry->version = version;
		entry->name = strlen(name) <= 512 && is_plain(name) ? name : version;
		entry->key = mig_version_key(entry->kind, version);
		entry->order = stray_order(adoption, entry);
		key = key_name(entry->key);
		if (lookup(adoption->stray_keys, key) == NOT_THERE)
		{
			enter(adoption->stray_keys, key, list_length(adoption->strays));
			stray->entry = entry;
		}
		else
			stray->problem = psprintf("%s, and another row has the same version", problem);
	}
	adoption->strays = lappend(adoption->strays, stray);
}

/*
 * Matching.
 */

static void
claim(MigAdoption *adoption, int i, const MigToolRow *row)
{
	MigClaim   *item = &adoption->items[i];

	if (item->row != NULL)
	{
		add_stray(adoption, row, psprintf("its migration would be %s, which another row is about",
										  mig_label(item->entry->version, item->entry->name)),
				  false);
		return;
	}
	item->row = row;
}

/* A baseline: everything up to its version that no other row is about. */
static void
claim_baseline(MigAdoption *adoption, const MigToolRow *row)
{
	bytea	   *key;
	int			i;

	if (!is_usable(row->identity))
		return;
	key = mig_version_key(MIG_KIND_VERSIONED, row->identity);
	for (i = 0; i < adoption->nitems; i++)
	{
		MigClaim   *item = &adoption->items[i];

		if (item->entry->kind == MIG_KIND_VERSIONED && item->row == NULL &&
			mig_key_cmp(item->entry->key, key) <= 0)
		{
			item->row = row;
			item->baseline = true;
		}
	}
}

static void
claim_up_to(MigAdoption *adoption, const MigToolRow *row)
{
	bytea	   *key;
	int			i;

	if (find_item(adoption, row) < 0)
		add_stray(adoption, row, "no migration is registered for it", false);
	key = mig_version_key(MIG_KIND_VERSIONED, row->identity);
	for (i = 0; i < adoption->nitems; i++)
	{
		MigEntry   *entry = adoption->items[i].entry;

		if (entry->kind == MIG_KIND_VERSIONED && mig_key_cmp(entry->key, key) <= 0)
			claim(adoption, i, row);
	}
}

static bool
any_requires(const MigAdoption *adoption)
{
	int			i;

	for (i = 0; i < adoption->nitems; i++)
	{
		if (adoption->items[i].entry->requires != NIL)
			return true;
	}
	return false;
}

/* A head: it and all that it requires, or all before it where none does. */
static void
claim_head(MigAdoption *adoption, const MigToolRow *row, bool graph)
{
	int			head = find_item(adoption, row);
	List	   *todo;

	if (head < 0)
	{
		add_stray(adoption, row, "no migration is registered for it, so that what came before it cannot be told", false);
		return;
	}
	if (!graph)
	{
		int			i;

		for (i = 0; i <= head; i++)
		{
			if (adoption->items[i].entry->kind == MIG_KIND_VERSIONED &&
				adoption->items[i].row == NULL)
				claim(adoption, i, row);
		}
		return;
	}
	todo = list_make1_int(head);
	while (todo != NIL)
	{
		int			i = llast_int(todo);
		ListCell   *lc;

		todo = list_delete_last(todo);
		if (adoption->items[i].row != NULL)
			continue;
		claim(adoption, i, row);
		foreach(lc, adoption->items[i].entry->requires)
		{
			const char *required = lfirst(lc);
			int			before = required[0] == '!' ? NOT_THERE :
				find_version(adoption, MIG_KIND_VERSIONED, required);

			if (before >= 0)
				todo = lappend_int(todo, before);
		}
	}
}

/* What the caller says that the history covers. */
static void
claim_versions(MigAdoption *adoption, ArrayType *versions, const MigToolRow *row)
{
	Datum	   *elements;
	bool	   *nulls;
	int			n;
	int			i;

	deconstruct_array(versions, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	for (i = 0; i < n; i++)
	{
		char	   *version;
		int			found;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("an element of versions must not be null")));
		version = TextDatumGetCString(elements[i]);
		found = find_version(adoption, MIG_KIND_VERSIONED, version);
		if (found < 0)
			ereport(ERROR,
					(errcode(ERRCODE_MIG_UNKNOWN_VERSION),
					 errmsg("version \"%s\" is not registered", version),
					 errhint("Register its file first, or see migrate_status for the versions there are.")));
		if (adoption->items[found].row == NULL)
			claim(adoption, found, row);
	}
}

/*
 * Of several rows about one migration the last one counts.  Returns the rows
 * that count, in their order.
 */
static List *
effective_rows(MigAdoption *adoption, MigToolRow *rows, int n)
{
	HTAB	   *last = new_index(n);
	List	   *result = NIL;
	int			i;

	for (i = 0; i < n; i++)
	{
		char	   *identity = psprintf("%c%s", rows[i].repeatable ? 'R' : 'V', rows[i].identity);
		Named	   *named;
		bool		found;

		if (rows[i].kind == MIG_ROW_FAILED)
			add_stray(adoption, &rows[i], rows[i].failure, true);
		if (rows[i].kind == MIG_ROW_FAILED || rows[i].kind == MIG_ROW_IGNORED)
			continue;
		named = hash_search(last, &identity, HASH_ENTER, &found);
		named->item = i;
	}
	for (i = 0; i < n; i++)
	{
		char	   *identity = psprintf("%c%s", rows[i].repeatable ? 'R' : 'V', rows[i].identity);

		if (rows[i].kind != MIG_ROW_FAILED && rows[i].kind != MIG_ROW_IGNORED &&
			rows[i].kind != MIG_ROW_UNDONE && lookup(last, identity) == i)
			result = lappend(result, &rows[i]);
	}
	hash_destroy(last);
	return result;
}

/*
 * Texts.
 */

/* An up script in UTF-8, and what is recorded of it; NULL if there is none. */
static MigSumText *
fetch_text(MigAdoption *adoption, MigClaim *item)
{
	MemoryContext old = MemoryContextSwitchTo(adoption->scratch);
	MigStored  *stored = adoption->dry ? mig_catalog_fetch(adoption->project, item->entry->key) :
		mig_catalog_fetch_locked(adoption->project, item->entry);
	MigSumText *text = NULL;

	if (stored != NULL)
	{
		if (item->checksum == NULL)
		{
			MemoryContextSwitchTo(old);
			item->checksum = (bytea *) PG_DETOAST_DATUM_COPY(PointerGetDatum(stored->checksum));
			item->fingerprint = (bytea *) PG_DETOAST_DATUM_COPY(PointerGetDatum(stored->fingerprint));
			MemoryContextSwitchTo(adoption->scratch);
		}
		if (stored->up.text != NULL)
		{
			text = palloc0(sizeof(MigSumText));
			text->text = pg_server_to_any(stored->up.text, strlen(stored->up.text), PG_UTF8);
			text->file = base_name(stored->up.path);
			text->file = pg_server_to_any(text->file, strlen(text->file), PG_UTF8);
		}
	}
	MemoryContextSwitchTo(old);
	return text;
}

/*
 * mig_match_fetch
 *		Read what is recorded of a migration's text, if that was not done yet.
 */
void
mig_match_fetch(MigAdoption *adoption, MigClaim *item)
{
	if (item->checksum == NULL)
	{
		(void) fetch_text(adoption, item);
		MemoryContextReset(adoption->scratch);
	}
}

static int
compare_base(const void *a, const void *b)
{
	return strcmp(base_name((*(MigClaim *const *) a)->entry->up.path),
				  base_name((*(MigClaim *const *) b)->entry->up.path));
}

/* Atlas' checksums, each of which is of all files up to its own. */
static void
compute_running(MigAdoption *adoption)
{
	MigClaim  **order = palloc(sizeof(MigClaim *) * Max(adoption->nitems, 1));
	MigRunningHash hashes[2];
	int			n = 0;
	int			i;
	int			j;

	for (i = 0; i < adoption->nitems; i++)
	{
		if (adoption->items[i].entry->registered && adoption->items[i].entry->up.path)
			order[n++] = &adoption->items[i];
	}
	qsort(order, n, sizeof(MigClaim *), compare_base);
	mig_running_hash_begin(&hashes[0]);
	mig_running_hash_begin(&hashes[1]);
	for (i = 0; i < n; i++)
	{
		MigSumText *text = fetch_text(adoption, order[i]);
		List	   *variants;
		MemoryContext old;

		CHECK_FOR_INTERRUPTS();
		if (text == NULL)
			continue;
		old = MemoryContextSwitchTo(adoption->scratch);
		variants = mig_sum_variants(text->text);
		MemoryContextSwitchTo(old);
		for (j = 0; j < 2; j++)
		{
			/* line ends as they are in all files, or the other ones in all */
			char	   *bytes = list_length(variants) == 4 ? list_nth(variants, j) :
				linitial(variants);

			mig_running_hash_add(&hashes[j], text->file);
			if (mig_atlas_ignores(text->text))
				continue;
			mig_running_hash_add(&hashes[j], bytes);
			order[i]->sums[j] = mig_running_hash_value(&hashes[j]);
		}
		MemoryContextReset(adoption->scratch);
	}
}

/* The registered text's checksum, if it is not the row's; else NULL. */
static char *
other_checksum(MigAdoption *adoption, MigClaim *item, const MigToolRow *row)
{
	MigSumText *text;
	char	   *computed = NULL;

	if (adoption->tool->running)
		return row->checksum == NULL || item->sums[0] == NULL ||
			strcmp(item->sums[0], row->checksum) == 0 ||
			strcmp(item->sums[1], row->checksum) == 0 ? NULL : item->sums[0];

	text = fetch_text(adoption, item);
	if (text != NULL && row->checksum != NULL && adoption->tool->verify != NULL &&
		item->entry->hole == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(adoption->scratch);

		if (adoption->tool->verify(row, text, &computed))
			computed = NULL;
		MemoryContextSwitchTo(old);
		if (computed != NULL)
			computed = pstrdup(computed);
	}
	MemoryContextReset(adoption->scratch);
	return computed;
}

/* Drizzle's rows have nothing but a hash: the texts' hashes are their names. */
static void
claim_by_hash(MigAdoption *adoption, List *rows)
{
	HTAB	   *hashes = new_index(adoption->nitems * 2);
	List	   *left = NIL;
	ListCell   *lc;
	int			i;

	for (i = 0; i < adoption->nitems; i++)
	{
		MigSumText *text;

		CHECK_FOR_INTERRUPTS();
		if (!adoption->items[i].entry->registered ||
			adoption->items[i].entry->kind != MIG_KIND_VERSIONED)
			continue;
		text = fetch_text(adoption, &adoption->items[i]);
		if (text != NULL)
		{
			MemoryContext old = MemoryContextSwitchTo(adoption->scratch);
			List	   *variants = mig_sum_variants(text->text);

			MemoryContextSwitchTo(old);
			foreach(lc, variants)
				enter(hashes, mig_sum_hex((char *) lfirst(lc), PG_SHA256), i);
		}
		MemoryContextReset(adoption->scratch);
	}
	foreach(lc, rows)
	{
		MigToolRow *row = (MigToolRow *) lfirst(lc);
		int			found = lookup(hashes, row->checksum);

		if (found >= 0)
			claim(adoption, found, row);
		else
			left = lappend(left, row);
	}

	/* one whose text was changed is the first that nothing is known of */
	i = 0;
	foreach(lc, left)
	{
		MigToolRow *row = (MigToolRow *) lfirst(lc);

		while (i < adoption->nitems &&
			   (adoption->items[i].row != NULL || !adoption->items[i].entry->registered ||
				adoption->items[i].entry->kind != MIG_KIND_VERSIONED))
			i++;
		if (i < adoption->nitems)
			claim(adoption, i, row);
		else
			add_stray(adoption, row, "no migration is registered for it", false);
	}
	hash_destroy(hashes);
}

static void
match_rows(MigAdoption *adoption, List *rows, ArrayType *versions)
{
	bool		graph = any_requires(adoption);
	HTAB	   *names = new_index(16);
	ListCell   *lc;

	if (versions != NULL && rows != NIL)
	{
		claim_versions(adoption, versions, linitial(rows));
		return;
	}
	if (adoption->tool->by_hash)
	{
		claim_by_hash(adoption, rows);
		return;
	}
	if (adoption->tool->by_name)
	{
		int			n = 0;

		foreach(lc, rows)
			enter(names, ((MigToolRow *) lfirst(lc))->name, n++);
	}
	foreach(lc, rows)
	{
		const MigToolRow *row = (const MigToolRow *) lfirst(lc);
		int			i;

		CHECK_FOR_INTERRUPTS();
		switch (row->kind)
		{
			case MIG_ROW_LAST:
				claim_up_to(adoption, row);
				break;
			case MIG_ROW_HEAD:
				claim_head(adoption, row, graph);
				break;
			case MIG_ROW_BASELINE:
				break;
			default:
				i = find_item(adoption, row);
				if (i < 0 && adoption->tool->by_name && lookup(names, row->name) >= 0)
					i = lookup(adoption->index, psprintf("l%s", row->name));
				if (i >= 0)
					claim(adoption, i, row);
				else if (row->kind != MIG_ROW_BASELINE_SCRIPT)
					add_stray(adoption, row, i == AMBIGUOUS ?
							  "several registered migrations have its name" :
							  "no migration is registered for it", false);
				break;
		}
	}
	foreach(lc, rows)
	{
		const MigToolRow *row = (const MigToolRow *) lfirst(lc);

		int			i = adoption->tool->checkpoints ? find_item(adoption, row) : NOT_THERE;

		CHECK_FOR_INTERRUPTS();
		if (row->kind == MIG_ROW_BASELINE || row->kind == MIG_ROW_BASELINE_SCRIPT ||
			(i >= 0 && adoption->items[i].entry->kind == MIG_KIND_BASELINE))
			claim_baseline(adoption, row);
	}
	hash_destroy(names);
}

/*
 * mig_done_here
 *		Is it applied as far as we know ourselves, so that it stays as it is?
 */
bool
mig_done_here(const MigEntry *entry)
{
	return entry->applied && entry->unfinished == '\0';
}

/* Hold the tool's checksums against the registered texts. */
static void
verify_items(MigAdoption *adoption)
{
	int			i;

	if (adoption->tool->running)
		compute_running(adoption);
	for (i = 0; i < adoption->nitems; i++)
	{
		MigClaim   *item = &adoption->items[i];
		char	   *computed;

		CHECK_FOR_INTERRUPTS();
		if (item->row == NULL || mig_done_here(item->entry))
			continue;
		if (item->entry->unfinished != '\0')
			item->problem = psprintf("it is half done here, %d of %d statements",
									 item->entry->done, item->entry->total);
		else if (!item->baseline)
		{
			computed = other_checksum(adoption, item, item->row);
			if (computed != NULL && item->entry->kind == MIG_KIND_REPEATABLE)
				item->changed = true;
			else if (computed != NULL)
				item->problem = psprintf("its checksum is %s in the history and %s of the registered text",
										 item->row->checksum, computed);
		}
	}
}

/*
 * Sqitch keeps several projects in one registry, and a change that was
 * reworked several times.  Returns how many rows are of our project, which
 * come first then.
 */
static int
choose_project(MigToolRow *rows, int n, const char *wanted)
{
	HTAB	   *instances = new_index(n);
	List	   *projects = NIL;
	bool		found = false;
	int			kept = 0;
	int			i;

	for (i = 0; i < n; i++)
	{
		const char *project = rows[i].scope;
		ListCell   *lc;

		if (wanted != NULL && strcmp(project, wanted) == 0)
			found = true;

		foreach(lc, projects)
		{
			if (strcmp((char *) lfirst(lc), project) == 0)
				break;
		}
		if (lc == NULL && list_length(projects) < MIG_LISTED)
			projects = lappend(projects, (char *) project);
	}
	for (i = 0; i < n && wanted == NULL && list_length(projects) > 1; i++)
	{
		if (strcmp(rows[i].scope, mig_project) == 0)
		{
			wanted = rows[i].scope;
			found = true;
		}
	}
	if (wanted == NULL ? list_length(projects) > 1 : !found)
	{
		StringInfoData list;
		ListCell   *lc;

		initStringInfo(&list);
		foreach(lc, projects)
			appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", (char *) lfirst(lc));
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 wanted ? errmsg("Sqitch's registry has no project \"%s\"", wanted) :
				 errmsg("Sqitch's registry has several projects"),
				 errdetail("They are %s.", list.data),
				 errhint("Pass tool => 'sqitch:PROJECT', or give migrate.project the same name.")));
	}
	for (i = 0; i < n; i++)
	{
		char	   *name;
		Named	   *named;

		if (wanted != NULL && strcmp(rows[i].scope, wanted) != 0)
			continue;
		name = linitial(rows[i].versions);
		named = hash_search(instances, &name, HASH_ENTER, &found);
		named->item = found ? named->item + 1 : 1;
		if (named->item > 1)
			linitial(rows[i].versions) = psprintf("%s#%d", name, named->item);
		else
			rows[i].versions = lappend(rows[i].versions, psprintf("%s#1", name));
		rows[kept++] = rows[i];
	}
	hash_destroy(instances);
	return kept;
}

/*
 * mig_match
 *		Read the history and find out what of it is registered.
 */
void
mig_match(MigAdoption *adoption, const char *sqitch_project, ArrayType *versions)
{
	MigToolRow *rows;
	MigEntry   *entries;
	List	   *effective;
	int			n;
	int			i;

	mig_history_refuse_locked(adoption->history, !adoption->dry);
	rows = mig_history_read(adoption->history, &n);
	if (n > 0 && rows[0].scope != NULL)
		n = choose_project(rows, n, sqitch_project);

	entries = mig_catalog_load(adoption->project, &adoption->nitems);
	adoption->items = MemoryContextAllocExtended(CurrentMemoryContext,
												 sizeof(MigClaim) * Max(adoption->nitems, 1),
												 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	adoption->index = new_index(adoption->nitems * 4);
	adoption->stray_keys = new_index(16);
	for (i = 0; i < adoption->nitems; i++)
	{
		adoption->items[i].entry = &entries[i];
		index_item(adoption->index, &entries[i], i);
	}

	effective = effective_rows(adoption, rows, n);
	if (effective != NIL &&
		((MigToolRow *) linitial(effective))->kind == MIG_ROW_LAST && list_length(effective) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_HISTORY),
				 errmsg("%s has %d rows", mig_history_name(adoption->history),
						list_length(effective)),
				 errdetail("%s keeps one row, with the last version.", adoption->tool->title)));
	match_rows(adoption, effective, versions);
	verify_items(adoption);
}
