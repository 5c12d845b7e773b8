package capacity

import (
	"math"
	"testing"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-6*math.Abs(want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestSharesAreWholes(t *testing.T) {
	var objects, requests, kinds float64
	for _, c := range Classes {
		objects += c.Objects
		requests += c.Requests
	}
	for _, r := range Requests {
		kinds += r.Share
	}
	near(t, "objects", objects, 1)
	near(t, "requests for content", requests, 1)
	near(t, "kinds of requests", kinds, 1)
}

func TestRowsOfPostgres(t *testing.T) {
	for _, r := range Rows {
		if got := postgres(float64(r.Value)); math.Abs(got-float64(r.Total())) > 0.05*float64(r.Total()) {
			t.Errorf("a row of %d bytes takes %.0f, and %d were measured", r.Value, got, r.Total())
		}
	}
}

// TestObjects says by hand what an object takes if nothing, and if everything that may, lies in records.
func TestObjects(t *testing.T) {
	none, all := Objects(0), Objects(1<<30)
	near(t, "inline share", none.Inline, 0)
	near(t, "share with blobs", none.BlobsShare, 1)
	near(t, "record and blob key", none.Sharded, (49+387+8+32)*1.15+(33+8+32)*1.15)
	near(t, "blob bytes", none.Blobs, 0.55*4096+0.2*32768+0.2*1048576+0.05*16777216)
	near(t, "bytes in all", all.Sharded, (49+360+8+32)*1.15+1.15*none.Blobs)
	near(t, "no blobs", all.Blobs, 0)
}

func TestNeed(t *testing.T) {
	a := Assumed
	one, ten := Need(a, 64<<10, 1e5, 1e11, 0), Need(a, 64<<10, 1e6, 1e12, 0)
	near(t, "servers", ten.ServersByCPU, 10*one.ServersByCPU)
	near(t, "database", ten.DatabaseByBytes, 10*one.DatabaseByBytes)
	missing := Need(a, 64<<10, 1e6, 1e12, 1)
	near(t, "servers of one round trip more", missing.ServersByCPU-ten.ServersByCPU, 1e6*a.TripCPU/(a.ServerCores*a.ServerUse))
	near(t, "database of one statement and row more", missing.DatabaseByCPU-ten.DatabaseByCPU, 1e6*(a.StatementCPU+a.ReadCPU)/(a.NodeCores*a.NodeUse))
	few := Need(a, 64<<10, 1, 1, 0)
	if few.Servers != 3 || few.Database != 3 || few.BlobMachines != 3 {
		t.Errorf("a store survives the loss of a machine with three: %+v", few)
	}
}
