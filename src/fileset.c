/*-------------------------------------------------------------------------
 *
 * fileset.c
 *	  The files that a client has read, and whether they are known already.
 *
 * Who deploys again and again asks first whether there is anything new.  So
 * that this takes one hash, not the files, the last set of each project is
 * remembered with what was registered when it had been.  Nothing needs to
 * keep that up to date: what changes a migration changes when, or how, it is
 * registered, and then the two differ.
 *
 * Touches migrate_file_set, and reads migrate_migration, by catalog.c's means
 * (catalog.h): as the extension's owner, and never while a migration's text
 * runs.  Takes no locks but that of the row it writes.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "catalog.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(migrate_known_files);

/* Raised when the same files are read in another way than before. */
#define READING 1

static int
compare_paths(const void *a, const void *b)
{
	return strcmp(((const MigSetFile *) a)->path, ((const MigSetFile *) b)->path);
}

/* The elements of an array of texts, NULL for nulls. */
static char **
text_elements(FunctionCallInfo fcinfo, int argument, const char *name, int *n)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(argument);
	Datum	   *elements;
	bool	   *nulls;
	char	  **result;
	int			i;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must have one dimension", name)));
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, n);
	result = palloc(sizeof(char *) * Max(*n, 1));
	for (i = 0; i < *n; i++)
		result[i] = nulls[i] ? NULL : TextDatumGetCString(elements[i]);
	return result;
}

/* The same for one that goes with the paths; NULL if all of it is null. */
static char **
text_elements_of(FunctionCallInfo fcinfo, int argument, const char *name, int npaths)
{
	char	  **result;
	int			n;

	if (PG_ARGISNULL(argument))
		return NULL;
	result = text_elements(fcinfo, argument, name, &n);
	if (n != npaths)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there must be as many %s as paths", name),
				 errdetail("There are %d, and %d paths.", n, npaths)));
	return result;
}

static void
require_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
}

/* Of the text as its file has it. */
static char *
hash_of(char *content)
{
	static const char digits[] = "0123456789abcdef";
	pg_cryptohash_ctx *hash = mig_hash_begin();
	char	   *bytes = pg_server_to_any(content, strlen(content), PG_UTF8);
	char	   *result = palloc(2 * MIG_HASH_LENGTH + 1);
	bytea	   *value;
	int			i;

	mig_hash_update(hash, bytes, strlen(bytes));
	value = mig_hash_end(hash);
	for (i = 0; i < MIG_HASH_LENGTH; i++)
	{
		unsigned char byte = VARDATA(value)[i];

		result[2 * i] = digits[byte >> 4];
		result[2 * i + 1] = digits[byte & 15];
	}
	result[2 * MIG_HASH_LENGTH] = '\0';
	if (bytes != content)
		pfree(bytes);
	return result;
}

static void
check_hash(const MigSetFile *file, const char *hash)
{
	if (strlen(hash) != 2 * MIG_HASH_LENGTH ||
		strspn(hash, "0123456789abcdef") != 2 * MIG_HASH_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the hash of file \"%s\" is no SHA-256 in lower-case hexadecimal digits",
						file->path)));
}

/*
 * What tells these files from others: all that decides what registering them
 * does, but for what is registered.
 */
static bytea *
digest_of(const MigFileSet *set)
{
	pg_cryptohash_ctx *hash = mig_hash_begin();
	char		reading = READING;
	int			i;

	/* settings that decide what files are read as go here */
	mig_hash_update(hash, &reading, 1);
	mig_hash_update(hash, mig_contexts, strlen(mig_contexts) + 1);
	mig_hash_update(hash, mig_labels, strlen(mig_labels) + 1);
	for (i = 0; i < set->n; i++)
	{
		const MigSetFile *file = &set->files[i];

		mig_hash_update(hash, file->path, strlen(file->path) + 1);
		if (file->hash)
			mig_hash_update(hash, file->hash, strlen(file->hash));
		mig_hash_update(hash, "\n", 1);
	}
	return mig_hash_end(hash);
}

/*
 * mig_fileset
 *		Files from a function's arguments; contents is -1 if it has none.
 *
 * The contents are checked against the hashes, which may be null, all or some.
 */
MigFileSet *
mig_fileset(FunctionCallInfo fcinfo, int paths, int contents, int hashes)
{
	MigFileSet *set = palloc0(sizeof(MigFileSet));
	char	  **path;
	char	  **content = NULL;
	char	  **hash;
	int			i;

	require_argument(fcinfo, paths, "paths");
	path = text_elements(fcinfo, paths, "paths", &set->n);
	if (contents >= 0)
	{
		require_argument(fcinfo, contents, "contents");
		content = text_elements_of(fcinfo, contents, "contents", set->n);
	}
	else
		require_argument(fcinfo, hashes, "hashes");
	hash = text_elements_of(fcinfo, hashes, "hashes", set->n);

	set->files = MemoryContextAllocHuge(CurrentMemoryContext,
										sizeof(MigSetFile) * Max(set->n, 1));
	for (i = 0; i < set->n; i++)
	{
		MigSetFile *file = &set->files[i];

		CHECK_FOR_INTERRUPTS();
		if (path[i] == NULL || path[i][0] == '\0')
			ereport(ERROR,
					(errcode(path[i] ? ERRCODE_INVALID_PARAMETER_VALUE : ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a path must not be %s", path[i] ? "empty" : "null")));
		file->path = path[i];
		file->content = content ? content[i] : NULL;
		file->hash = hash ? hash[i] : NULL;
		if (file->hash)
			check_hash(file, file->hash);
		if (content && file->content == NULL && file->hash)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("file \"%s\" has a hash and no content", file->path)));
		if (file->content)
		{
			char	   *actual = hash_of(file->content);

			if (file->hash && strcmp(file->hash, actual) != 0)
				ereport(ERROR,
						(errcode(ERRCODE_MIG_BAD_HASH),
						 errmsg("file \"%s\" is not what its hash says", file->path),
						 errdetail("The SHA-256 of its content is %s, and %s was given.",
								   actual, file->hash),
						 errhint("It was altered after the hash was made. Nothing was registered; send the files again.")));
			file->hash = actual;
		}
	}
	qsort(set->files, set->n, sizeof(MigSetFile), compare_paths);
	for (i = 1; i < set->n; i++)
	{
		if (compare_paths(&set->files[i - 1], &set->files[i]) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("file \"%s\" was given twice", set->files[i].path)));
	}
	set->digest = digest_of(set);
	set->superuser = superuser_arg(GetSessionUserId());
	return set;
}

/* What is registered now, without texts. */
static MigSetRow *
read_rows(const char *project, int *n)
{
	MigVisit	visit = mig_enter();
	Datum		values[1] = {CStringGetTextDatum(project)};
	uint64		count = mig_run_query(Q_FILE_SET_ROWS, values, NULL);
	MigSetRow  *rows = MemoryContextAllocHuge(visit.caller, sizeof(MigSetRow) * Max(count, 1));
	uint64		i;
	int			j;

	for (i = 0; i < count; i++)
	{
		MigSetRow  *row = &rows[i];
		bool		isnull;

		row->key = mig_bytea_field(&visit, i, 1);
		row->checksum = mig_bytea_field(&visit, i, 2);
		row->registered = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i],
													  SPI_tuptable->tupdesc, 3, &isnull));
		row->flags = 0;
		for (j = 0; j < 4; j++)
			row->flags |= mig_bool_field(i, 4 + j) << j;
		row->xmin = DatumGetTransactionId(SPI_getbinval(SPI_tuptable->vals[i],
														SPI_tuptable->tupdesc, 8, &isnull));
	}
	mig_leave(&visit);
	*n = (int) count;
	return rows;
}

static bytea *
digest_of_rows(const MigSetRow *rows, int n)
{
	pg_cryptohash_ctx *hash = mig_hash_begin();
	int			i;

	for (i = 0; i < n; i++)
	{
		int64		registered = rows[i].registered;
		uint32		len = VARSIZE_ANY_EXHDR(rows[i].key);

		/* the same after pg_upgrade or a dump to any other machine */
		registered = pg_hton64(registered);
		len = pg_hton32(len);
		mig_hash_update(hash, &len, sizeof(len));
		mig_hash_update(hash, VARDATA_ANY(rows[i].key), VARSIZE_ANY_EXHDR(rows[i].key));
		mig_hash_update(hash, VARDATA_ANY(rows[i].checksum), VARSIZE_ANY_EXHDR(rows[i].checksum));
		mig_hash_update(hash, &registered, sizeof(registered));
		mig_hash_update(hash, &rows[i].flags, 1);
	}
	return mig_hash_end(hash);
}

/* Was this set the last one, and has nothing changed since? */
static bool
is_known(const MigFileSet *set, const char *project, const bytea *registered)
{
	MigVisit	visit = mig_enter();
	Datum		values[2] = {CStringGetTextDatum(project), PointerGetDatum(set->digest)};
	bool		known = false;

	/* a superuser who registers a stranger's text answers for it */
	if (mig_run_query(Q_FILE_SET_READ, values, NULL) > 0)
		known = mig_key_cmp(mig_bytea_field(&visit, 0, 1), registered) == 0 &&
			(!set->superuser || mig_bool_field(0, 2));
	mig_leave(&visit);
	return known;
}

/*
 * mig_fileset_begin
 *		Note what is registered before the files are.
 */
void
mig_fileset_begin(MigFileSet *set, const char *project)
{
	set->rows = read_rows(project, &set->nrows);
}

/*
 * mig_fileset_end
 *		Remember that the files are registered.
 *
 * Not if anybody else has registered something meanwhile: it may have been
 * after we found it to be as it should.  Who does so later makes a difference
 * that will be seen.
 */
void
mig_fileset_end(MigFileSet *set, const char *project)
{
	int			n;
	MigSetRow  *rows = read_rows(project, &n);
	bytea	   *registered = digest_of_rows(rows, n);
	int			old = 0;
	int			i;

	for (i = 0; i < n; i++)
	{
		const MigSetRow *row = &rows[i];
		bool		was_there = old < set->nrows &&
			mig_key_cmp(set->rows[old].key, row->key) == 0;
		const MigSetRow *before = was_there ? &set->rows[old++] : NULL;

		if (TransactionIdIsCurrentTransactionId(row->xmin))
			continue;
		if (before == NULL || mig_key_cmp(before->checksum, row->checksum) != 0 ||
			before->registered != row->registered || before->flags != row->flags)
			return;
	}
	/* one that is not there any more has stopped old */
	if (old < set->nrows)
		return;
	if (!is_known(set, project, registered))
	{
		MigVisit	visit = mig_enter();
		Datum		values[4] = {
			CStringGetTextDatum(project), PointerGetDatum(set->digest),
			PointerGetDatum(registered), BoolGetDatum(set->superuser)
		};

		mig_run_query(Q_FILE_SET_WRITE, values, NULL);
		mig_leave(&visit);
	}
}

Datum
migrate_known_files(PG_FUNCTION_ARGS)
{
	MigFileSet *set = mig_fileset(fcinfo, 0, -1, 1);
	int			n;
	MigSetRow  *rows = read_rows(mig_project, &n);

	PG_RETURN_BOOL(is_known(set, mig_project, digest_of_rows(rows, n)));
}
