package capacity

// Request is what one kind of request costs. Round trips, rows and bytes follow from the code; the processor time of the
// server is measured over embedded engines (docs/PERFORMANCE.md, Beside other servers), and includes those.
type Request struct {
	Name  string
	Share float64 // of all requests; assumed
	Trips float64 // round trips to the database before the answer, with permissions cached
	Read  float64 // rows that are read by their keys
	Scan  float64 // rows that are read in order
	Write float64 // rows that are written
	CPU   float64 // of the server, in seconds, for an object of 4 KiB
	PerMB float64 // beside that, for each MiB of content
	Body  bool    // whether content passes through the server
}

// Requests are all kinds. Read rows are the access key; the stamps of its account and organization, of the bucket, of its
// settings and of all trails; and the object's record; and for what writes also the bucket's record and the place of the null
// version. A bucket of another account adds that account's stamp. A PUT that is logged by a trail writes one row more.
var Requests = []Request{
	{Name: "GET", Share: 0.60, Trips: 1, Read: 7, CPU: 89e-6, PerMB: (10.1e-3 - 89e-6) / 16, Body: true},
	{Name: "HEAD", Share: 0.17, Trips: 1, Read: 7, CPU: 69e-6},
	{Name: "PUT", Share: 0.15, Trips: 2, Read: 9, Write: 1, CPU: 279e-6, PerMB: (53.7e-3 - 279e-6) / 16, Body: true},
	{Name: "DELETE", Share: 0.03, Trips: 2, Read: 9, Write: 1, CPU: 162e-6},
	{Name: "LIST", Share: 0.05, Trips: 1, Read: 6, Scan: 1000, CPU: 1.78e-3},
}

// Assumptions are figures that nobody has measured for this program yet. make bench over networked engines is to replace
// the first ones.
type Assumptions struct {
	TripCPU      float64 // of a server for each round trip to the database, in seconds
	BlobCPU      float64 // of a server for each request to the blob store, in seconds
	ServerCores  float64
	ServerUse    float64 // share of processors and network that may be busy
	ServerBits   float64 // of its network, each way, a second
	NodeCores    float64 // of a node of the database
	NodeUse      float64
	StatementCPU float64 // of the database, in seconds, for each statement
	ReadCPU      float64 // for each row by its key
	ScanCPU      float64 // for each row in order
	WriteCPU     float64 // for each row, on all replicas
	Replicas     float64
	NodeBytes    float64 // of a node of the database that may be full
	DiskBytes    float64 // of a disk of the blob store that may be full
	Disks        float64 // of a node of the blob store
	Redundancy   float64 // bytes on disks for each byte of a blob
	DiskReads    float64 // a second, of one disk
	Fragments    float64 // disks that a read of a blob asks
}

// Assumed are the values of the document. A blob lies in 8 fragments and 3 for redundancy; a disk is a rotating one of 20 TB.
var Assumed = Assumptions{
	TripCPU: 30e-6, BlobCPU: 150e-6, ServerCores: 32, ServerUse: 0.6, ServerBits: 25e9,
	NodeCores: 32, NodeUse: 0.5, StatementCPU: 100e-6, ReadCPU: 15e-6, ScanCPU: 2e-6, WriteCPU: 300e-6, Replicas: 3, NodeBytes: 0.7 * 10 * (1 << 40),
	DiskBytes: 0.8 * 20e12, Disks: 60, Redundancy: 11.0 / 8, DiskReads: 120, Fragments: 8,
}

// Cost is what a request costs on average.
type Cost struct {
	Trips, Statements, Read, Scan, Write float64
	CPU                                  float64 // of the server, in seconds
	Bytes                                float64 // of content, each way
	Blobs                                float64 // requests to the blob store
	Database                             float64 // processor time of the database, in seconds
}

// Mean returns the cost of the mean request. limit is the size up to which content lies in the record; extra is how many round
// trips are added because permissions are not cached.
func Mean(a Assumptions, limit, extra float64) (c Cost) {
	var bytes, blobs float64
	for _, class := range Classes {
		bytes += class.Requests * class.Size
		if class.Size > limit {
			blobs += class.Requests
		}
	}
	for _, r := range Requests {
		trips := r.Trips + extra
		c.Trips += r.Share * trips
		c.Read += r.Share * (r.Read + extra)
		c.Scan += r.Share * r.Scan
		c.Write += r.Share * r.Write
		c.CPU += r.Share * (r.CPU + trips*a.TripCPU)
		if r.Body {
			c.Bytes += r.Share * bytes
			c.Blobs += r.Share * blobs
			c.CPU += r.Share * (r.PerMB*bytes/(1<<20) + blobs*a.BlobCPU)
		}
	}
	c.Statements = c.Trips
	c.Database = c.Statements*a.StatementCPU + c.Read*a.ReadCPU + c.Scan*a.ScanCPU + c.Write*a.WriteCPU
	return c
}

// Machines is how many machines a store takes. Each number is not rounded.
type Machines struct {
	ServersByCPU, ServersByNetwork  float64
	DatabaseByCPU, DatabaseByBytes  float64
	BlobNodesByBytes, BlobsByReads  float64
	Metadata, Blobs                 float64 // bytes, before replicas and redundancy
	Servers, Database, BlobMachines float64
}

// Need returns how many machines serve requests a second over so many objects.
func Need(a Assumptions, limit, rate, objects, extra float64) (m Machines) {
	c, o := Mean(a, limit, extra), Objects(limit)
	m.ServersByCPU = rate * c.CPU / (a.ServerCores * a.ServerUse)
	m.ServersByNetwork = rate * c.Bytes * 8 / (a.ServerBits * a.ServerUse)
	m.DatabaseByCPU = rate * c.Database / (a.NodeCores * a.NodeUse)
	m.Metadata, m.Blobs = objects*o.Sharded, objects*o.Blobs
	m.DatabaseByBytes = m.Metadata * a.Replicas / a.NodeBytes
	m.BlobNodesByBytes = m.Blobs * a.Redundancy / (a.DiskBytes * a.Disks)
	m.BlobsByReads = rate * c.Blobs * a.Fragments / (a.DiskReads * a.Disks)
	m.Servers = max(3, m.ServersByCPU, m.ServersByNetwork)
	m.Database = max(3, m.DatabaseByCPU, m.DatabaseByBytes)
	m.BlobMachines = max(3, m.BlobNodesByBytes, m.BlobsByReads)
	return m
}
