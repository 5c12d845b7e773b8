package daemon

import "syscall"

// setParentDeath has a process told to end when this one dies, however it does.
func setParentDeath(attributes *syscall.SysProcAttr) { attributes.Pdeathsig = syscall.SIGTERM }
