//go:build !linux

package daemon

import "syscall"

// setParentDeath has no equivalent here: what this process leaves behind when it is killed goes on.
func setParentDeath(*syscall.SysProcAttr) {}
